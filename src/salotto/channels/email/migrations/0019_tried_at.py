from django.db import migrations, models


class Migration(migrations.Migration):
    """Patience counts from the first attempt."""

    dependencies = [("email", "0018_ids_of_an_account")]

    operations = [migrations.AddField("mail", "tried_at", models.DateTimeField(null=True))]
