from django.db import migrations

from salotto.core.tenancy import belongs, key_by_account


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("accounts", "0005_rules")]

    operations = [key_by_account("api_apicall"), belongs("api_apicall")]
