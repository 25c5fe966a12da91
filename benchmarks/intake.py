"""(h) A full mailbox: mails that wait on a real IMAP server are taken in, while desks work on."""

import os
import random
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from django.db import connection

from benchmarks import machine, seed, wire
from benchmarks.house import House, Load, Server, end
from benchmarks.letters import letters
from benchmarks.report import Line, above, below, beside, holds

MAILS, QUICK = 100_000, 5_000
ALONE = 5_000
"""Mails for reading without taking in."""
LEAST, MOST_MB, SLOWEST_MS = 150.0, 200, 500.0
LEAST_ALONE = 600.0
PAUSE = 0.25
"""Seconds between an agent's looks at the list, each with a visitor's message."""


@dataclass
class Watched:
    """What was seen while the worker was at it."""

    took: float = 0.0
    most_memory: int = 0
    lists: list[float] = field(default_factory=list)
    posts: list[float] = field(default_factory=list)


def run(house: House, load: Load, quick: bool) -> list[Line]:
    """First reading alone, then the whole chain by one worker beside one server."""
    from tests.mailservers.dovecot import dovecot

    count = QUICK if quick else MAILS
    company = seed.company()
    with dovecot() as mails:
        alone = _read_alone(mails, company, ALONE)
        watched, all_once = _take_in(house, mails, company, count)
    seed.close()
    return [
        above("h", f"{ALONE:,} mails read and stored, one mailbox", alone, "/s", LEAST_ALONE),
        above("h", f"{count:,} mails read, stored and taken in", count / watched.took, "/s", LEAST),
        holds("h", "each is one message, in one conversation", all_once),
        below("h", "the worker's memory at most", watched.most_memory / 1e6, "MB", MOST_MB),
        below("h", "an agent's list meanwhile, p95", _p95(watched.lists), "ms", SLOWEST_MS),
        beside("h", "the same, median", median(watched.lists), "ms"),
        beside("h", "a visitor's message meanwhile, p95", _p95(watched.posts), "ms"),
    ]


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


def _mailbox(mails: Any, company: seed.Company, count: int) -> int:
    """A mailbox that so many mails wait for."""
    from salotto.accounts.models import Account
    from salotto.accounts.queries import member_of
    from salotto.channels.email.actions import connecting
    from salotto.channels.email.models import Mailbox, Security, Way
    from salotto.core.tenancy import account_scope
    from salotto.inbox.models import Inbox
    from tests.mailservers.dovecot import PASSWORD

    user = f"user{random.getrandbits(40)}"
    mails.deliver(user, *letters(count, user))
    account = Account.objects.get(pk=company.account)
    owner = member_of(account.primary_admin, account.slug)
    assert owner is not None
    with account_scope(account.pk):
        inbox = Inbox.objects.create(account=account, name=user, channel="email")
        mailbox = Mailbox.objects.create(account=account, inbox=inbox, address=f"{user}@example.com")
    given = connecting.Settings(
        "127.0.0.1", mails.port, Security.NONE, username=user, password=PASSWORD, everything=True
    )
    connecting.save_server(mailbox.pk, Way.IN, given, by=owner)
    return int(mailbox.pk)


def _read_alone(mails: Any, company: seed.Company, count: int) -> float:
    """Mails a second, from the connection to the last one stored; nobody takes them in."""
    from django.conf import settings

    from salotto.channels.email.imap.station import Station

    settings.MAIL_LOCAL = True
    mailbox = _mailbox(mails, company, count)
    station = Station()
    began = time.perf_counter()
    station.start()
    try:
        _await(lambda: _count(mailbox) >= count, 120)
        took = time.perf_counter() - began
    finally:
        station.stop()
    _forget(mailbox)
    return count / took


def _forget(mailbox: int) -> None:
    with connection.cursor() as db:
        db.execute("UPDATE email_server SET enabled = false WHERE mailbox_id = %s", [mailbox])
        db.execute("DELETE FROM email_rawmail WHERE mailbox_id = %s", [mailbox])
        db.execute("DELETE FROM procrastinate_jobs WHERE task_name LIKE '%%take_in' AND status = 'todo'")


def _take_in(house: House, mails: Any, company: seed.Company, count: int) -> tuple[Watched, bool]:
    mailbox = _mailbox(mails, company, count)
    with house.ours() as server:
        worker = subprocess.Popen(
            [sys.executable, "-m", "salotto", "worker"],
            env={**os.environ, "SALOTTO_MAIL_LOCAL": "yes", "SALOTTO_LOG_LEVEL": "warning"},
            stdout=subprocess.DEVNULL,
        )
        try:
            watched = _watch(worker.pid, server, company, mailbox, count)
        finally:
            end(worker)
    return watched, _all_once(mailbox, count)


def _watch(pid: int, server: Server, company: seed.Company, mailbox: int, count: int) -> Watched:
    """Look at the list and post, again and again, until all is taken in."""
    watched, began = Watched(), 0.0
    post = seed.message(seed.visitors(company, 1)[0])
    while _count(mailbox, done=True) < count:
        began = began or (time.perf_counter() if _count(mailbox) else 0.0)
        watched.lists.append(_list(server, company))
        watched.posts.append(_post(server, post))
        watched.most_memory = max(watched.most_memory, machine.resident(pid))
        time.sleep(PAUSE)
    watched.took = time.perf_counter() - began
    return watched


def _list(server: Server, company: seed.Company) -> float:
    url = f"http://127.0.0.1:{server.port}/a/{company.slug}/inbox/"
    return _ask(urllib.request.Request(url, headers={"Cookie": company.cookies[0]}))


def _post(server: Server, post: dict[str, Any]) -> float:
    body = post["body"].replace(wire.SLOT.decode(), f"{random.getrandbits(128):032x}").encode()
    url = f"http://127.0.0.1:{server.port}{post['path']}"
    headers = {**post["headers"], "Content-Type": "application/json"}
    headers.pop("Accept-Encoding", None)
    return _ask(urllib.request.Request(url, body, headers))


def _ask(request: urllib.request.Request) -> float:
    """Milliseconds until it is answered whole."""
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def _count(mailbox: int, *, done: bool = False) -> int:
    states = "state <> 'waiting'" if done else "true"
    with connection.cursor() as db:
        db.execute(f"SELECT count(*) FROM email_rawmail WHERE mailbox_id = %s AND {states}", [mailbox])
        return int(db.fetchone()[0])


def _all_once(mailbox: int, count: int) -> bool:
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*), count(DISTINCT message_id), count(*) FILTER (WHERE state = 'done')"
            "  FROM email_rawmail WHERE mailbox_id = %s AND conversation_id IS NOT NULL",
            [mailbox],
        )
        return bool(db.fetchone() == (count, count, count))


def _await(condition: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds:.0f} seconds")
        time.sleep(0.02)
