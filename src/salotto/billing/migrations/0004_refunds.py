from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_settle")]

    operations = [
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("kind", "credit_note"), ("state", "open")),
                fields=["id"],
                name="billing_invoice_refund",
            ),
        ),
    ]
