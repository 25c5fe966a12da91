from django.db import migrations

from salotto.core.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE "core_audit" DROP CONSTRAINT "core_audit_pkey",'
            ' ADD CONSTRAINT "core_audit_pkey" PRIMARY KEY (account_id, id)',
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "CREATE UNLOGGED TABLE core_cache"
            " (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);"
            " CREATE INDEX core_cache_expires ON core_cache (expires)",
            "DROP TABLE core_cache",
        ),
        sql_file(__file__, "append_only.sql"),
    ]
