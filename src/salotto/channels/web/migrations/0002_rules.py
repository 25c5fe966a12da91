from django.db import migrations

from salotto.core.tenancy import key_by_account, reference


class Migration(migrations.Migration):
    dependencies = [("web", "0001_initial"), ("inbox", "0002_rules")]

    operations = [
        key_by_account("web_site"),
        reference("web_site", "inbox_id", "inbox_inbox"),
    ]
