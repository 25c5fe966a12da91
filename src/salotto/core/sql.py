"""SQL that lives in commented files beside the room that owns it."""

from pathlib import Path

from django.db import migrations


def sql_file(migration: str, name: str, undo: str = migrations.RunSQL.noop) -> migrations.RunSQL:
    """Migration operation that runs `<room>/sql/<name>`.

    `migration` is the migration module's `__file__`. A changed file is applied by a new
    migration that names it again: files hold `CREATE OR REPLACE` only.
    """
    path = Path(migration).parent.parent / "sql" / name
    return migrations.RunSQL(path.read_text(encoding="utf-8"), undo)
