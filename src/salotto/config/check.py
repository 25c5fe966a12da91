"""`salotto check`: is this installation sound? One line per part, in plain words."""

import json
import os
import shutil
import smtplib
import stat
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from salotto.config.options import Options
from salotto.core import database
from salotto.core.start import CannotStart

OK, PROBLEM, NOTE = "ok", "problem", "note"
STREAM_SECONDS = 5.0
CLOCK_SECONDS = 2.0
WORKER_SECONDS = 45.0  # a worker beats every ten
LEAST_FREE = 1024**3


@dataclass(frozen=True)
class Finding:
    """One part: `state` is ok, note (worth knowing) or problem; `text` says what to do."""

    part: str
    state: str
    text: str


@dataclass(frozen=True)
class Report:
    """All findings; sound when none is a problem."""

    findings: list[Finding]

    @property
    def sound(self) -> bool:
        return all(f.state != PROBLEM for f in self.findings)

    def as_json(self) -> str:
        """`{"sound": bool, "findings": [{"part", "state", "text"}, …]}`."""
        return json.dumps({"sound": self.sound, "findings": [asdict(f) for f in self.findings]})

    def as_text(self) -> str:
        """One line per part, and the verdict."""
        lines = [f"{f.part:<12} {f.state:<8} {f.text}" for f in self.findings]
        verdict = "Everything is sound." if self.sound else "Something needs you: see the problems above."
        return "\n".join([*lines, verdict])


@dataclass(frozen=True)
class Place:
    """What is examined: the options (with the database's address), and the server's own URL."""

    options: Options
    server_url: str


Probe = Callable[[Place], Finding]


def examine(place: Place) -> Report:
    """Look at every part; without a database only those that need none."""
    first = _database(place)
    probes = _WITHOUT_DATABASE if first.state == PROBLEM else _WITH_DATABASE + _WITHOUT_DATABASE
    return Report([first, *(_carefully(probe, place) for probe in probes)])


def _carefully(probe: Probe, place: Place) -> Finding:
    """A probe that fails is a finding, not the end of the report."""
    try:
        return probe(place)
    except Exception as error:  # the reason is the finding
        return Finding(probe.__name__.strip("_"), PROBLEM, f"could not be examined: {error}")


def _database(place: Place) -> Finding:
    try:
        with database.connect(place.options.database_url) as db:
            database.must_be_supported(db)
            version = db.info.parameter_status("server_version")
    except CannotStart as problem:
        return Finding("database", PROBLEM, str(problem))
    return Finding("database", OK, f"PostgreSQL {version} answers.")


def _migrations(place: Place) -> Finding:
    from salotto.config import prepare

    with database.connect(place.options.database_url) as db:
        missing = prepare.known_migrations() - prepare.applied_migrations(db)
    if missing:
        return Finding("migrations", PROBLEM, f"{len(missing)} not applied: run `salotto migrate`.")
    return Finding("migrations", OK, "The database has the shape this version needs.")


def _role(place: Place) -> Finding:
    with database.connect(place.options.database_url) as db:
        if not database.owns_tables(db):
            return Finding("role", OK, "The server cannot change tables or rewrite ledgers.")
    return Finding(
        "role",
        NOTE,
        "The server's database role owns the tables. Give it a role of its own"
        " (SALOTTO_DATABASE_URL) and the owner in SALOTTO_MIGRATION_DATABASE_URL.",
    )


def _worker(place: Place) -> Finding:
    query = "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"
    with database.connect(place.options.database_url) as db:
        row = db.execute(query).fetchone()
    age = row[0] if row else None
    if age is None or age > WORKER_SECONDS:
        return Finding(
            "worker",
            PROBLEM,
            "No worker is alive, so no mail leaves: start `salotto serve` without --no-worker,"
            " or `salotto worker` beside it.",
        )
    return Finding("worker", OK, f"Alive {age:.0f} s ago.")


def _live(place: Place) -> Finding:
    """An event that is written now must arrive in the server's stream."""
    from salotto.config.health import check_token

    url = f"{place.server_url}/live/check?token={quote(check_token())}"
    try:
        with urllib.request.urlopen(url, timeout=STREAM_SECONDS) as stream:  # noqa: S310 (our own URL)
            nonce = uuid.uuid4().hex
            stream.readline()  # the stream has begun
            _emit(nonce)
            arrived = any(nonce in line.decode() for line in stream)
    except urllib.error.HTTPError as error:
        return Finding("live", PROBLEM, f"{_where(place)} answers {error.code} to its own check: do both"
                       " use the same SALOTTO_SECRET_KEY and data directory?")  # fmt: skip
    except TimeoutError:
        arrived = False
    except OSError as error:
        reason = getattr(error, "reason", error)
        return Finding(
            "live", PROBLEM, f"No server answers at {_where(place)} ({reason}). Start `salotto serve`."
        )
    if not arrived:
        return Finding("live", PROBLEM, f"An event did not arrive within {STREAM_SECONDS:.0f} s:"
                       " see the server's log, and let no proxy buffer /live.")  # fmt: skip
    return Finding("live", OK, f"An event went through the stream at {_where(place)}.")


def _where(place: Place) -> str:
    return place.server_url


def _emit(nonce: str) -> None:
    from django.db import transaction

    from salotto.config.health import CHECK_ACCOUNT
    from salotto.live.actions import emit

    with transaction.atomic():
        emit(CHECK_ACCOUNT, "check", nonce=nonce)


def _mail(place: Place) -> Finding:
    from salotto.config.mail import transport

    way = transport(place.options)
    if way["backend"].endswith("console.EmailBackend"):
        return Finding("mail", NOTE, "Mail is printed, not sent: set SALOTTO_MAIL_URL to send it.")
    if "file_path" in way:
        return _mail_folder(Path(way["file_path"]))
    return _smtp(way)


def _mail_folder(folder: Path) -> Finding:
    existing = folder if folder.exists() else next(p for p in folder.parents if p.exists())
    if not os.access(existing, os.W_OK):
        return Finding("mail", PROBLEM, f"Mail is kept in {folder}, which cannot be written.")
    return Finding("mail", NOTE, f"Mail is kept in {folder}, not sent: set SALOTTO_MAIL_URL to send it.")


def _smtp(way: dict[str, Any]) -> Finding:
    kind = smtplib.SMTP_SSL if way["use_ssl"] else smtplib.SMTP
    where = f"{way['host']}:{way['port']}"
    try:
        with kind(way["host"], way["port"], timeout=5) as server:
            if way["use_tls"]:
                server.starttls()
            if way["username"]:
                server.login(way["username"], way["password"])
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding("mail", PROBLEM, f"{where} takes no mail: {error}. Check SALOTTO_MAIL_URL.")
    return Finding("mail", OK, f"{where} takes our mail.")


def _mail_in(place: Place) -> Finding:
    from salotto.config import check_mail

    wrong = check_mail.doors(place.options)
    if wrong:
        return Finding("mail in", PROBLEM, wrong)
    open_doors = [text for text in (place.options.smtp_listen, place.options.lmtp_listen) if text]
    if not open_doors:
        return Finding("mail in", OK, "Mailboxes are read by IMAP; no mail is received by SMTP here.")
    return Finding("mail in", OK, f"Mail is received at {' and '.join(open_doors)}.")


def _mailboxes(place: Place) -> Finding:
    from salotto.config import check_mail

    found = check_mail.troubles()
    if found:
        return Finding("mailboxes", NOTE, " ".join(found))
    return Finding("mailboxes", OK, "Every mailbox works, and no mail waits.")


def _secrets(place: Place) -> Finding:
    options, path = place.options, place.options.data / "secret.key"
    if options.demo and options.public_url.startswith("https://"):
        return Finding("secrets", PROBLEM, "Demo mode is on at a public address: everybody can sign in."
                       " Unset SALOTTO_DEMO.")  # fmt: skip
    if options.secret_key:
        return _strength(options.secret_key)
    if not path.exists():
        return Finding("secrets", PROBLEM, f"{path} is missing: the next start makes a new one.")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("secrets", PROBLEM, f"Others can read {path}: run `chmod 600 {path}`.")
    return _strength(path.read_text().strip())


def _strength(key: str) -> Finding:
    if len(key) < 32 or len(set(key)) < 10:
        return Finding("secrets", PROBLEM, "The secret key is weak: use 32 random characters or more.")
    return Finding("secrets", OK, "The key is strong and only the server's user can read it.")


def _clock(place: Place) -> Finding:
    query = "SELECT extract(epoch FROM clock_timestamp() - %s)"
    from salotto.core.clock import now

    with database.connect(place.options.database_url) as db:
        row = db.execute(query, [now()]).fetchone()
    skew = abs(float(row[0])) if row else 0.0
    if skew > CLOCK_SECONDS:
        return Finding("clock", PROBLEM, f"Server and database differ by {skew:.1f} s: set both by NTP.")
    return Finding("clock", OK, f"Server and database differ by {skew * 1000:.0f} ms.")


def _disk(place: Place) -> Finding:
    free = shutil.disk_usage(place.options.data).free
    text = f"{free / 1024**3:.1f} GB free in {place.options.data}."
    return Finding("disk", OK, text) if free >= LEAST_FREE else Finding("disk", PROBLEM, f"Only {text}")


_WITH_DATABASE: tuple[Probe, ...] = (_migrations, _role, _worker, _live, _clock, _mailboxes)
_WITHOUT_DATABASE: tuple[Probe, ...] = (_mail, _mail_in, _secrets, _disk)
