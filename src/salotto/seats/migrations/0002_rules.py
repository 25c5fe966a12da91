from django.db import migrations

from salotto.core.sql import sql_file
from salotto.core.tenancy import belongs, key_by_account


class Migration(migrations.Migration):
    dependencies = [("seats", "0001_initial"), ("accounts", "0002_rules")]

    operations = [
        key_by_account("seats_seatplan"),
        belongs("seats_seatplan"),
        key_by_account("seats_seatchange"),
        belongs("seats_seatchange"),
        sql_file(__file__, "agents.sql"),
    ]
