from django.db import migrations

from salotto.core.sql import sql_file
from salotto.core.tenancy import belongs, key_by_account, reference


class Migration(migrations.Migration):
    dependencies = [("inbox", "0004_files")]

    operations = [
        key_by_account("inbox_blob"),
        belongs("inbox_blob"),
        key_by_account("inbox_attachment"),
        belongs("inbox_attachment"),
        reference("inbox_attachment", "blob_id", "inbox_blob"),
        reference("inbox_attachment", "message_id", "inbox_message"),
        reference("inbox_conversation", "linked_id", "inbox_conversation", on_delete="SET NULL (linked_id)"),
        sql_file(__file__, "post_messages.sql"),
    ]
