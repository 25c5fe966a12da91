from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("live", "0001_initial")]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE "live_event" DROP CONSTRAINT "live_event_pkey",'
            ' ADD CONSTRAINT "live_event_pkey" PRIMARY KEY (account_id, txid, id)',
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "INSERT INTO live_era (id, era, system) VALUES (1, gen_random_uuid(), '')",
            "DELETE FROM live_era",
        ),
    ]
