from django.db import migrations

from salotto.core.tenancy import belongs, key_by_account


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("core", "0002_rules")]

    operations = [
        key_by_account("accounts_membership"),
        belongs("accounts_membership"),
        key_by_account("accounts_invitation"),
        belongs("accounts_invitation"),
        # Exactly one primary admin: the column is NOT NULL and points to a membership of
        # this very account; deferred, so that account and membership are made together.
        migrations.RunSQL(
            "ALTER TABLE accounts_account ADD CONSTRAINT accounts_account_primary_admin_fk"
            " FOREIGN KEY (id, primary_admin_id) REFERENCES accounts_membership (account_id, user_id)"
            " DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE accounts_account DROP CONSTRAINT accounts_account_primary_admin_fk",
        ),
    ]
