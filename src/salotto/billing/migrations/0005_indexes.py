from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_refunds")]

    operations = [
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["created_at", "id"], name="billing_payment_made"),
        ),
        migrations.AddIndex(
            model_name="webhookevent",
            index=models.Index(
                condition=models.Q(("handled_at__isnull", False)),
                fields=["handled_at"],
                name="billing_webhook_old",
            ),
        ),
        migrations.AddIndex(
            model_name="sandboxobject",
            index=models.Index(fields=["kind", "created_at"], name="billing_sandbox_by_age"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(("payment_id__isnull", False)),
                fields=["account", "payment_id"],
                name="billing_transaction_payment",
            ),
        ),
    ]
