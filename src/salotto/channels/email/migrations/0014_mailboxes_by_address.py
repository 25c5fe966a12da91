from django.db import migrations


class Migration(migrations.Migration):
    """Every address of a mailbox is found by one look: a server asks whose a recipient is."""

    dependencies = [("email", "0013_stopped")]

    operations = [
        migrations.RunSQL(
            r"""
            CREATE INDEX email_mailbox_addresses ON email_mailbox
             USING gin (string_to_array(lower(address || E'\n' || aliases), E'\n'))
            """,
            "DROP INDEX email_mailbox_addresses",
        ),
    ]
