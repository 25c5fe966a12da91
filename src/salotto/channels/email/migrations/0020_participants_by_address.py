from django.db import migrations, models


class Migration(migrations.Migration):
    """What became of the mails to an address is looked for in all conversations that it is part of."""

    dependencies = [("email", "0019_tried_at")]

    operations = [
        migrations.AddIndex(
            "participant",
            models.Index(models.F("account"), models.F("address"), name="email_participant_address"),
        ),
    ]
