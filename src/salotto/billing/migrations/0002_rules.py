from django.db import migrations

from salotto.core.sql import sql_file
from salotto.core.tenancy import belongs, key_by_account, reference

OF_ACCOUNTS = (
    "subscription",
    "billingdetails",
    "paymentmethod",
    "payment",
    "invoice",
    "transaction",
    "posting",
)

FIRST_ROWS = """
    INSERT INTO billing_catalogue
        (id, time_zone, trial_days, payment_days, support_email, seller_name, seller_address,
         seller_country, seller_vat_number)
        VALUES (1, 'UTC', 14, 14, '', '', '', '', '');
    INSERT INTO billing_price (currency, unit_amount, new_from)
        VALUES ('EUR', 0, '2000-01-01 00:00:00+00');
    -- Accounts of before: their trial begins in full.
    INSERT INTO billing_subscription
        (account_id, state, quantity, quantity_next, high_water, cycle, cycle_next, currency, time_zone,
         months, trial_ends_at, reminded, retries, due_at, ahead, gateway, customer, version)
        SELECT id, 'trial', 0, 0, 0, 'month', 'month', '', time_zone,
               0, now() + interval '14 days', 0, 0, now() + interval '7 days', 0, '', '', 1
          FROM accounts_account;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_constraints"), ("accounts", "0005_rules"), ("core", "0002_rules")]

    operations = [
        *(key_by_account(f"billing_{table}") for table in OF_ACCOUNTS),
        *(belongs(f"billing_{table}") for table in OF_ACCOUNTS),
        reference("billing_payment", "method_id", "billing_paymentmethod"),
        reference("billing_payment", "invoice_id", "billing_invoice"),
        reference("billing_invoice", "corrects_id", "billing_invoice"),
        reference("billing_transaction", "invoice_id", "billing_invoice"),
        reference("billing_posting", "transaction_id", "billing_transaction"),
        sql_file(__file__, "rules.sql"),
        sql_file(__file__, "settle.sql"),
        migrations.RunSQL(FIRST_ROWS, migrations.RunSQL.noop),
    ]
