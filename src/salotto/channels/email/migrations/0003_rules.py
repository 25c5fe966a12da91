from django.db import migrations

from salotto.core.tenancy import belongs, key_by_account, reference

TABLES = ("mailbox", "server", "position", "rawmail", "mail", "knownid", "participant", "domain")
KEYS = (
    ("mailbox", "inbox_id", "inbox_inbox"),
    ("mailbox", "logo_id", "inbox_blob"),
    ("server", "mailbox_id", "email_mailbox"),
    ("position", "server_id", "email_server"),
    ("rawmail", "mailbox_id", "email_mailbox"),
    ("rawmail", "conversation_id", "inbox_conversation"),
    ("rawmail", "message_id", "inbox_message"),
    ("mail", "mailbox_id", "email_mailbox"),
    ("mail", "conversation_id", "inbox_conversation"),
    ("mail", "message_id", "inbox_message"),
    ("mail", "raw_id", "email_rawmail"),
    ("knownid", "inbox_id", "inbox_inbox"),
    ("knownid", "conversation_id", "inbox_conversation"),
    ("knownid", "message_id", "inbox_message"),
    ("participant", "conversation_id", "inbox_conversation"),
)


class Migration(migrations.Migration):
    dependencies = [("email", "0002_relations"), ("inbox", "0005_rules_of_files")]

    operations = [
        *(key_by_account(f"email_{table}") for table in TABLES),
        *(belongs(f"email_{table}") for table in TABLES),
        *(reference(f"email_{table}", column, target) for table, column, target in KEYS),
    ]
