from django.db import migrations

from salotto.core.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("seats", "0004_ledger_leads"), ("billing", "0006_settle_additions")]

    operations = [sql_file(__file__, "first_purchase.sql")]
