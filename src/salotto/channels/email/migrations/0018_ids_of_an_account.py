from django.db import migrations, models


class Migration(migrations.Migration):
    """An id is looked for in all inboxes of the account: the value comes before the inbox."""

    dependencies = [("email", "0017_where_deleted_was")]

    operations = [
        migrations.RemoveConstraint("knownid", "email_known_id_once"),
        migrations.AddConstraint(
            "knownid",
            models.UniqueConstraint(fields=("account", "value", "inbox"), name="email_known_id_once"),
        ),
    ]
