from django.db import migrations

from salotto.core.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_rules"), ("seats", "0003_requests"), ("core", "0002_rules")]

    operations = [sql_file(__file__, "lists.sql")]
