from django.db import migrations, models


class Migration(migrations.Migration):
    """The tombstone of an id remembers which conversation it was in, whose answers so find its inbox."""

    dependencies = [("email", "0016_languages")]

    operations = [
        migrations.AddField("knownid", "was", models.BigIntegerField(null=True)),
        migrations.AddIndex(
            "knownid",
            models.Index(
                "account", "was", "id", condition=models.Q(was__isnull=False), name="email_known_id_was"
            ),
        ),
    ]
