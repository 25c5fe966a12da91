from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("email", "0009_plain_storage")]

    operations = [
        migrations.AddIndex("rawmail", models.Index("account", "mailbox", "id", name="email_raw_mailbox")),
    ]
