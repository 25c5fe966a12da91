"""The suite's PostgreSQL: embedded, started once by the first process, shared by all."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from salotto.core.postgres.cluster import SUPERUSER, Cluster


def server_url() -> str:
    """The URL of the server to test on; starts the embedded one in the controlling process."""
    given = os.environ.get("SALOTTO_TEST_DATABASE_URL")
    if given:
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
        for setting in ("fsync = off", "max_connections = 300"):
            admin.execute(f"ALTER SYSTEM SET {setting}")


@contextmanager
def fresh_database(worker: str) -> Iterator[str]:
    """Create and migrate a database for this process, point Django at it, drop it at the end."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from salotto.config import databases, options

    url = os.environ["SALOTTO_DATABASE_URL"]
    name = f"salotto_test_{os.getpid()}_{worker}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    os.environ["SALOTTO_DATABASE_URL"] = make_conninfo(url, dbname=name)
    connections["default"].close()
    here = databases.django_settings(options.read())
    settings.DATABASES["default"].update(here)
    connections["default"].settings_dict.update(here)
    call_command("migrate", verbosity=0)
    yield name
    connections.close_all()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
