"""Before the first request: a database of the right shape, catalogues and static files.

`todo` looks cheaply whether anything is to be done, so that an ordinary start pays for
nothing; `run` does it, behind a lock of the database, so that several servers may start
together.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from salotto.config import assets, catalogues, databases
from salotto.config.options import Options
from salotto.core import database
from salotto.core.start import CannotStart
from salotto.demo import actions as demo
from salotto.demo.cast import LEAD, password
from salotto.live import era

Key = tuple[str, str]


def known_migrations() -> set[Key]:
    """`(app label, name)` of every migration file, found without importing them."""
    return {
        (app.label, path.stem)
        for app in apps.get_app_configs()
        for path in Path(app.path, "migrations").glob("[0-9]*.py")
    }


def applied_migrations(connection: database.Connection) -> set[Key]:
    """What the database says it has; empty for a new one."""
    there = connection.execute("SELECT to_regclass('public.django_migrations')").fetchone()
    if there is None or there[0] is None:
        return set()
    rows = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    return {(app, name) for app, name in rows}


def must_not_be_newer(applied: set[Key], known: set[Key]) -> None:
    """Raises CannotStart if one of our rooms has a migration this version does not know."""
    ours = {label for label, _ in known}
    strange = sorted(f"{app} {name}" for app, name in applied - known if app in ours)
    if strange:
        raise CannotStart(
            f"The database belongs to a newer Salotto (it has {strange[-1]})."
            " Install that version again, or restore a backup made with this one."
        )


def todo(options: Options) -> list[str]:
    """What `run` would do, in words; empty when everything is in place. Raises CannotStart."""
    with database.connect(owner_url(options)) as owner:
        database.must_be_supported(owner)
        applied, known = applied_migrations(owner), known_migrations()
    must_not_be_newer(applied, known)
    found = ["migrations"] if known - applied else []
    if not found and not _served(options):
        found.append("rights")
    if options.demo and ("migrations" in found or not _founded(options)):
        found.append("the demo")
    if not assets.is_current(Path(settings.STATIC_ROOT), assets.stamp()):
        found.append("static files")
    return found + ([] if _compiled(options) else ["catalogues"])


def run(options: Options, say: Callable[[str], None] = lambda _: None) -> None:
    """Migrate, grant, found, collect: each only where needed. Raises CannotStart.

    A first start takes some seconds: `say` gets one sentence before each step.
    """
    with database.connect(owner_url(options)) as owner:
        database.must_be_supported(owner)
        owner.execute("SELECT pg_advisory_lock(%s)", [database.MIGRATION_LOCK])
        known = known_migrations()
        applied = applied_migrations(owner)
        must_not_be_newer(applied, known)
        if known - applied:
            say("Bringing the database up to date …")
            migrate(options)
        if known - applied or not _served(options):
            _grant(options, owner)
    if options.demo and not _founded(options):
        say("Founding the demo's shop …")
        demo.seed(password(options.data))
    with _alone(options.data):
        _make_files(options, say)


def _make_files(options: Options, say: Callable[[str], None]) -> None:
    if not _compiled(options) or not assets.is_current(Path(settings.STATIC_ROOT), assets.stamp()):
        say("Collecting files …")
    catalogues.compile_to(options.data / "locale")
    assets.collect(Path(settings.STATIC_ROOT))


def after_start() -> None:
    """What every start checks on a ready database: is the event log still of this cluster?"""
    era.check()
    connections["default"].close()


def owner_url(options: Options) -> str:
    """The address of the role that migrates; the server's own when no other is given."""
    return options.migration_database_url or options.database_url


def migrate(options: Options) -> None:
    """Run Django's migrations as the owner, on a connection of their own."""
    ours = connections["default"]
    before = dict(ours.settings_dict)
    ours.close()
    ours.settings_dict.update(databases.settings_for(owner_url(options)))
    try:
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        ours.close()
        ours.settings_dict.update(before)


def _founded(options: Options) -> bool:
    with database.connect(owner_url(options)) as db:
        return db.execute("SELECT 1 FROM accounts_user WHERE email = %s", [LEAD.email]).fetchone() is not None


def _served(options: Options) -> bool:
    if not options.migration_database_url:
        return True
    with database.connect(options.database_url) as app:
        return database.may_serve(app)


def _grant(options: Options, owner: database.Connection) -> None:
    if not options.migration_database_url:
        return
    with database.connect(options.database_url) as app:
        role = app.info.user
    if role != owner.info.user:
        database.grant(owner, role)


def _compiled(options: Options) -> bool:
    """True if every catalogue's compiled file bears the time of its source."""
    target = options.data / "locale"
    return all(
        compiled.exists() and compiled.stat().st_mtime_ns == source.stat().st_mtime_ns
        for source in catalogues.LOCALE.glob("*/LC_MESSAGES/django.po")
        for compiled in [(target / source.relative_to(catalogues.LOCALE)).with_suffix(".mo")]
    )


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One process at a time makes files in the data directory."""
    with (data / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
