from django.db import migrations

from salotto.core.sql import sql_file
from salotto.core.tenancy import belongs, key_by_account, reference


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0001_initial"),
        ("seats", "0002_rules"),
        ("live", "0002_rules"),
    ]

    operations = [
        key_by_account("inbox_inbox"),
        belongs("inbox_inbox"),
        key_by_account("inbox_contact"),
        belongs("inbox_contact"),
        key_by_account("inbox_conversation"),
        key_by_account("inbox_message"),
        key_by_account("inbox_tally"),
        reference("inbox_conversation", "inbox_id", "inbox_inbox"),
        reference("inbox_conversation", "contact_id", "inbox_contact"),
        reference("inbox_message", "conversation_id", "inbox_conversation"),
        # An assignee is a member of this very account.
        migrations.RunSQL(
            "ALTER TABLE inbox_conversation ADD CONSTRAINT inbox_conversation_assignee_fk"
            " FOREIGN KEY (account_id, assignee_id) REFERENCES accounts_membership (account_id, user_id)",
            "ALTER TABLE inbox_conversation DROP CONSTRAINT inbox_conversation_assignee_fk",
        ),
        sql_file(__file__, "types.sql", "DROP TYPE inbox_item CASCADE"),
        sql_file(__file__, "tally.sql"),
        sql_file(__file__, "post_messages.sql"),
    ]
