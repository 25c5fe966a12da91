from django.db import migrations

from salotto.core.tenancy import belongs, key_by_account, reference

TABLES = ("batch", "batchrecipient")
KEYS = (
    ("batch", "mailbox_id", "email_mailbox"),
    ("batchrecipient", "batch_id", "email_batch"),
    ("batchrecipient", "conversation_id", "inbox_conversation"),
)


class Migration(migrations.Migration):
    dependencies = [("email", "0004_batches")]

    operations = [
        *(key_by_account(f"email_{table}") for table in TABLES),
        *(belongs(f"email_{table}") for table in TABLES),
        *(reference(f"email_{table}", column, target) for table, column, target in KEYS),
    ]
