from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("email", "0011_mails_of_ours")]

    operations = [
        migrations.AddField("position", "set_back_at", models.DateTimeField(null=True)),
    ]
