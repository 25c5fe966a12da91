from django.db import migrations

from salotto.core.tenancy import belongs, key_by_account


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_standing_and_tokens")]

    operations = [key_by_account("accounts_apitoken"), belongs("accounts_apitoken")]
