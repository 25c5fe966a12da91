from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether a mailbox of the account carries its chats on, so that visitors are asked for an address."""

    dependencies = [("accounts", "0006_channels_permission")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="chats_by_mail",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
