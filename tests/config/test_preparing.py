"""What is done before the first request, and what is not done twice."""

import os
import shutil
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from salotto.config import assets, prepare
from salotto.config.options import Options
from salotto.core import database
from salotto.core.start import CannotStart


def here(tmp_path: Path) -> Options:
    """Options for the test database, with a data directory of its own."""
    return Options(data=tmp_path, database_url=os.environ["SALOTTO_DATABASE_URL"])


def test_a_migrated_database_has_nothing_to_migrate(tmp_path: Path) -> None:
    assert "migrations" not in prepare.todo(here(tmp_path))


def test_an_empty_database_has_everything_to_do(tmp_path: Path) -> None:
    url = os.environ["SALOTTO_DATABASE_URL"]
    name = f"empty_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            empty = psycopg.conninfo.make_conninfo(url, dbname=name)
            assert prepare.todo(Options(data=tmp_path, database_url=empty))[0] == "migrations"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_of_a_newer_version_is_refused() -> None:
    known = prepare.known_migrations()
    with pytest.raises(CannotStart, match=r"newer Salotto \(it has inbox 9999_future\)"):
        prepare.must_not_be_newer({*known, ("inbox", "9999_future")}, known)


def test_migrations_of_apps_that_are_gone_do_not_matter() -> None:
    prepare.must_not_be_newer({("gone", "0001_initial")}, prepare.known_migrations())


def test_a_database_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(CannotStart, match=r"No connection to the database: .*Check that PostgreSQL runs"):
        database.connect("host=127.0.0.1 port=1 dbname=salotto")


def test_static_files_are_collected_once(tmp_path: Path) -> None:
    root = tmp_path / "static"
    assert assets.collect(root)
    assert not assets.collect(root)
    assert assets.is_current(root, assets.stamp())


def test_what_an_interrupted_collection_left_is_no_obstacle(tmp_path: Path) -> None:
    root = tmp_path / "static"
    half = root.with_name(f"static-{assets.stamp()[:12]}")
    half.mkdir()
    (half / "half.css").touch()
    (tmp_path / "static-ofanolderversion").mkdir()
    assert assets.collect(root)
    assert not (root / "half.css").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["static", half.name]


def test_a_folder_made_by_hand_gives_way(tmp_path: Path) -> None:
    root = tmp_path / "static"
    root.mkdir()
    assert assets.collect(root)
    assert root.is_symlink()
    shutil.rmtree(root.resolve())


def test_our_scripts_are_minified_hashed_and_compressed(tmp_path: Path) -> None:
    assets.collect(tmp_path / "static")
    source = Path(assets.PACKAGE, "desk", "static", "desk", "js", "page.js")
    found = list((tmp_path / "static" / "desk" / "js").glob("page.*.js"))
    assert len(found) == 1
    assert found[0].stat().st_size < source.stat().st_size
    assert found[0].with_name(found[0].name + ".gz").exists()


def test_the_catalogues_are_where_django_looks() -> None:
    assert settings.LOCALE_PATHS[0] == settings.OPTIONS.data / "locale"
