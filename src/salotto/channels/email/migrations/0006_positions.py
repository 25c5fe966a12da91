from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("email", "0005_rules_of_batches")]

    operations = [
        migrations.AddField("position", "since", models.DateTimeField(null=True)),
        migrations.AddField("position", "renumbered_to", models.BigIntegerField(default=0)),
    ]
