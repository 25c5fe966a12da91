"""The suite's PostgreSQL: embedded, started once by the first process, shared by all."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from salotto.core.postgres.cluster import SUPERUSER, Cluster

MIGRATING = 0x5A10770
"""The advisory lock of the process that makes the template, or copies it."""


def server_url() -> str:
    """The URL of the server to test on; starts the embedded one in the controlling process."""
    given = os.environ.get("SALOTTO_TEST_DATABASE_URL")
    if given:
        atexit.register(drop_template, given)
        return given
    home = Path(tempfile.mkdtemp(prefix="salotto-pg-"))
    home.chmod(0o755)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    _prepare(Cluster(home))
    cluster = Cluster(home)
    cluster.begin()
    atexit.register(cluster.stop)
    cluster.ready()
    return cluster.conninfo(SUPERUSER, "postgres")


def _prepare(cluster: Cluster) -> None:
    """A throw-away server needs no durability, and many tests need many connections."""
    with cluster, psycopg.connect(cluster.conninfo(SUPERUSER, "postgres"), autocommit=True) as admin:
        for setting in ("fsync = off", "full_page_writes = off", "max_connections = 300"):
            admin.execute(f"ALTER SYSTEM SET {setting}")


@contextmanager
def fresh_database(worker: str) -> Iterator[str]:
    """A migrated database for this process, at which Django points; dropped at the end."""
    from django.db import connections

    url = os.environ["SALOTTO_DATABASE_URL"]
    name = f"salotto_test_{os.getpid()}_{worker}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])  # until the end of the block
        if not _exists(admin, _template()):
            _migrate(admin, url)
        _execute(admin, "CREATE DATABASE {} TEMPLATE {}", name, _template())
    os.environ["SALOTTO_DATABASE_URL"] = make_conninfo(url, dbname=name)
    _point_django_at(os.environ["SALOTTO_DATABASE_URL"])
    yield name
    connections.close_all()
    with psycopg.connect(url, autocommit=True) as admin:
        _execute(admin, "DROP DATABASE {} WITH (FORCE)", name)


def drop_template(url: str) -> None:
    """Leave nothing behind on a server that is not ours."""
    with psycopg.connect(url, autocommit=True) as admin:
        _execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", _template())


def _template() -> str:
    """The migrated database that all processes of this run copy."""
    return f"salotto_template_{os.environ['TESTING_SALOTTO']}"


def _migrate(admin: psycopg.Connection, url: str) -> None:
    """Make the template, under another name until it is whole."""
    from django.core.management import call_command
    from django.db import connections

    half = f"{_template()}_half"
    _execute(admin, "DROP DATABASE IF EXISTS {} WITH (FORCE)", half)
    _execute(admin, "CREATE DATABASE {}", half)
    _point_django_at(make_conninfo(url, dbname=half))
    call_command("migrate", verbosity=0)
    connections.close_all()
    _execute(admin, "ALTER DATABASE {} RENAME TO {}", half, _template())


def _exists(admin: psycopg.Connection, name: str) -> bool:
    return bool(admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone())


def _execute(admin: psycopg.Connection, query: LiteralString, *names: str) -> None:
    admin.execute(sql.SQL(query).format(*map(sql.Identifier, names)))


def _point_django_at(url: str) -> None:
    from django.conf import settings
    from django.db import connections

    from salotto.config import databases

    connections["default"].close()
    here = databases.settings_for(url)
    settings.DATABASES["default"].update(here)
    connections["default"].settings_dict.update(here)
