from django.db import migrations

# Most of a mail is base64 or short: PostgreSQL's compression saves little of it and cost 40 % of
# its time for storing one.


class Migration(migrations.Migration):
    dependencies = [("email", "0008_named_ids")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE email_rawmail ALTER COLUMN content SET STORAGE EXTERNAL",
            "ALTER TABLE email_rawmail ALTER COLUMN content SET STORAGE EXTENDED",
        ),
    ]
