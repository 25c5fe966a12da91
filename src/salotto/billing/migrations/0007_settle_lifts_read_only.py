from django.db import migrations

from salotto.core.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_settle_additions"),
        ("accounts", "0005_rules"),
        ("live", "0002_rules"),
    ]

    operations = [sql_file(__file__, "lift_read_only.sql"), sql_file(__file__, "settle.sql")]
