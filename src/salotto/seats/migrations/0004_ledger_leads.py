from django.db import migrations

from salotto.core.sql import sql_file
from salotto.core.tenancy import belongs, key_by_account


class Migration(migrations.Migration):
    dependencies = [("seats", "0003_requests")]

    operations = [
        key_by_account("seats_seatrequest"),
        belongs("seats_seatrequest"),
        sql_file(__file__, "seats.sql"),
    ]
