from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("email", "0015_chats_by_mail")]

    operations = [
        migrations.AddField(
            "mailbox", "language", models.CharField(blank=True, db_default="", default="", max_length=8)
        ),
        migrations.AddField(
            "mail", "language", models.CharField(blank=True, db_default="", default="", max_length=8)
        ),
    ]
