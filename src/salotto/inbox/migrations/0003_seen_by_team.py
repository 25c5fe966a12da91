from django.db import migrations, models

from salotto.core.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("inbox", "0002_rules")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="seen_by_team",
            field=models.BigIntegerField(default=0),
        ),
        sql_file(__file__, "post_messages.sql"),
    ]
