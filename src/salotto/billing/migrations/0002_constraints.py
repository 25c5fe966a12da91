import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="BillingDetails",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("legal_name", models.CharField(max_length=200, verbose_name="legal name")),
                ("address", models.TextField(blank=True, max_length=500, verbose_name="address")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("vat_number", models.CharField(blank=True, max_length=20, verbose_name="VAT number")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email for invoices")),
                ("reference", models.CharField(blank=True, max_length=100, verbose_name="your reference")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("account",), name="billing_details_once")],
            },
        ),
        migrations.CreateModel(
            name="Catalogue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                ("trial_days", models.PositiveSmallIntegerField(default=14)),
                ("payment_days", models.PositiveSmallIntegerField(default=14)),
                ("sale_ends_on", models.DateField(blank=True, null=True)),
                ("extra_sale_ends_on", models.DateField(blank=True, null=True)),
                ("support_email", models.EmailField(blank=True, max_length=254)),
                ("seller_name", models.CharField(blank=True, max_length=200)),
                ("seller_address", models.TextField(blank=True, max_length=500)),
                ("seller_country", models.CharField(blank=True, max_length=2)),
                ("seller_vat_number", models.CharField(blank=True, max_length=20)),
                (
                    "support_account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="accounts.account",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="billing_catalogue_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["account", "-id"], name="billing_invoice_list"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                fields=("series", "number"), name="billing_invoice_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cycle_start__isnull", False)),
                fields=("account", "cycle_start"),
                name="billing_invoice_cycle_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("payment_id__isnull", False)),
                fields=("account", "payment_id"),
                name="billing_invoice_payment_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            models.F("subtotal"), "+", models.F("tax")
                        ),
                    ),
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("balance_used"), "+", models.F("carried")
                            ),
                            "+",
                            models.F("due"),
                        ),
                    ),
                ),
                name="billing_invoice_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)),
                fields=("account",),
                name="billing_method_current_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.UniqueConstraint(
                fields=("account", "gateway", "token"), name="billing_method_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentmethod",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_current", False), ("removed_at", None), _connector="OR"),
                name="billing_method_removed_is_not_current",
            ),
        ),
        migrations.AddIndex(
            model_name="price",
            index=models.Index(fields=["currency", "-new_from"], name="billing_price_new"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("state", "charging")), fields=["created_at"], name="billing_payment_open"
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("intent", ""), _negated=True),
                fields=["intent"],
                name="billing_payment_intent",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["account", "-created_at", "-id"], name="billing_payment_list"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "charging")),
                fields=("account",),
                name="billing_payment_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("id",), name="billing_payment_id_once"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "renewal")),
                fields=("account", "invoice_id", "attempt"),
                name="billing_payment_attempt_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["charging", "paid", "failed", "cancelled"])),
                name="billing_payment_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "total",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("balance_used"), "+", models.F("carried")
                            ),
                            "+",
                            models.F("amount"),
                        ),
                    )
                ),
                name="billing_payment_adds_up",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="billing_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(fields=("account",), name="billing_subscription_once"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["trial", "lapsed", "active", "past_due", "unpaid", "ended"])
                ),
                name="billing_subscription_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("high_water__gte", models.F("quantity"))), name="billing_high_water"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(condition=models.Q(("ahead__gte", 0)), name="billing_ahead"),
        ),
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(fields=["account", "-id"], name="billing_transaction_list"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["account", "ledger", "currency"], name="billing_posting_by_ledger"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["account", "transaction"], name="billing_posting_by_transaction"),
        ),
    ]
