from django.db import migrations

from salotto.core.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_indexes")]

    operations = [sql_file(__file__, "settle.sql")]
