from django.db import migrations

from salotto.core.sql import sql_file
from salotto.inbox import migrations as inbox


class Migration(migrations.Migration):
    dependencies = [("web", "0002_rules"), ("inbox", "0006_linked")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX inbox_conversation_former ON inbox_conversation (visitor)"
            " WHERE substr(visitor::text, 15, 1) = '8'",
            "DROP INDEX inbox_conversation_former",
        ),
        sql_file(inbox.__file__, "formers.sql"),
        sql_file(inbox.__file__, "post_messages.sql"),
        # Chats that their contacts have answered by mail before. Those of support (version 5) are none.
        migrations.RunSQL(
            "UPDATE inbox_conversation c SET visitor = inbox_former(c.visitor, c.id)"
            " WHERE substr(c.visitor::text, 15, 1) = '4' AND EXISTS ("
            "SELECT FROM inbox_message m WHERE m.account_id = c.account_id AND m.conversation_id = c.id"
            " AND m.kind = 'visitor' AND m.data ? 'email')",
            migrations.RunSQL.noop,
        ),
    ]
