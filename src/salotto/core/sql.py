"""SQL that lives in commented files beside the room that owns it, and what it answers with."""

from pathlib import Path

from django.db import IntegrityError, migrations


def sql_file(migration: str, name: str, undo: str = migrations.RunSQL.noop) -> migrations.RunSQL:
    """Migration operation that runs `<room>/sql/<name>`.

    `migration` is the migration module's `__file__`. A changed file is applied by a new
    migration that names it again: files hold `CREATE OR REPLACE` only.
    """
    path = Path(migration).parent.parent / "sql" / name
    return migrations.RunSQL(path.read_text(encoding="utf-8"), undo)


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that was broken, by which code knows what was refused; or ""."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "constraint_name", None) or "")
