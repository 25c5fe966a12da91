"""A real Postfix on loopback, with directories and a port of its own.

with postfix(lmtp=port) as server:
    smtplib.SMTP(HOST, server.port).sendmail(...)

Mail for `LOCAL` goes on to an LMTP server; to `bounce.example` it comes back; to `refused@…`,
`later@…`, `slow@…` the RCPT is answered as the name says; all else is discarded. Postfix starts
as root alone.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.mailservers.certificates import Certificate
from tests.mailservers.dovecot import HOST, await_that, free_port

LOCAL = "in.salotto.test"
PROGRAM = shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log/mail.log
maillog_file_prefixes = {home}
meta_directory = /etc/postfix
myhostname = mx.salotto.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtpd_peername_lookup = no
relay_domains = {local}
transport_maps = texthash:{home}/transport
default_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access texthash:{home}/access, permit_mynetworks,
  reject
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtp_tls_security_level = none
lmtp_tls_security_level = none
message_size_limit = {size}
queue_minfree = 0
smtpd_reject_unlisted_recipient = no
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
lmtp_connection_cache_on_demand = no
destination_concurrency_failed_cohort_limit = 1000
bounce_queue_lifetime = 1h
smtputf8_enable = yes
in_flow_delay = 0
"""

MASTER = """
{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
showq unix n - n - - showq
flush unix n - n 1000? 0 flush
"""

TRANSPORT = """
{local} lmtp:inet:127.0.0.1:{lmtp}
bounce.example error:5.1.1 Nobody of this name lives here
"""

ACCESS = """
refused@shop.example 550 5.7.1 Your mail is not wanted here
later@shop.example 450 4.2.1 The mailbox is busy, come again
"""


class Postfix:
    """One server; `start`, `stop` or `kill`, as often as wanted, with the same queue."""

    def __init__(
        self, *, lmtp: int = 1, size: int = 50_000_000, extra: str = "", access: str = ACCESS
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="salotto-postfix-", dir="/tmp"))
        self.home.chmod(0o755)
        self.port = free_port()
        self.certificate = Certificate(self.home, "localhost")
        self.lmtp, self.size, self.extra = lmtp, size, extra
        for name in ("etc", "queue", "data", "log"):
            (self.home / name).mkdir()
        shutil.chown(self.home / "data", "postfix")
        self.allow(access)
        self._write()
        self.process: subprocess.Popen[bytes] | None = None

    def allow(self, access: str) -> None:
        """What is answered to which recipients, from the next start or `reload` on."""
        (self.home / "access").write_text(access)

    def set_up(self, extra: str) -> None:
        """Other settings of its own, from the next start on."""
        self.extra = extra
        self._write()

    def _write(self) -> None:
        text = MAIN.format(
            home=self.home,
            local=LOCAL,
            lmtp=self.lmtp,
            certificate=self.certificate.chain,
            key=self.certificate.key,
            size=self.size,
        )
        (self.home / "etc/main.cf").write_text(_without(text, self.extra) + self.extra)
        (self.home / "transport").write_text(TRANSPORT.format(local=LOCAL, lmtp=self.lmtp))
        (self.home / "etc/master.cf").write_text(MASTER.format(port=self.port))

    def relay_to(self, lmtp: int) -> None:
        """Mail for `LOCAL` goes on to this port from now on."""
        (self.home / "transport").write_text(TRANSPORT.format(local=LOCAL, lmtp=lmtp))
        assert PROGRAM is not None
        subprocess.run([PROGRAM, "-c", str(self.home / "etc"), "reload"], check=True, capture_output=True)

    def start(self) -> None:
        """Start it and wait until it greets."""
        assert PROGRAM is not None
        self.process = subprocess.Popen(
            [PROGRAM, "-c", str(self.home / "etc"), "start-fg"],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        await_that(self.greets, "Postfix answers")

    def greets(self) -> bool:
        """Whether it answers."""
        import socket

        assert self.process is not None and self.process.poll() is None, self.log()
        try:
            with socket.create_connection((HOST, self.port), timeout=10) as link:
                return link.recv(200).startswith(b"220")
        except OSError:
            return False

    def log(self) -> str:
        """What it has written down."""
        path = self.home / "log/mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def taken(self) -> int:
        """How many mails have come in and are done with."""
        return len(re.findall(r"qmgr\[\d+\]: \w+: removed", self.log()))

    def stop(self) -> None:
        """End it politely."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        pids = self._family(self.process.pid)
        for pid in pids if number == signal.SIGKILL else pids[:1] + self._master():
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def _master(self) -> list[int]:
        path = self.home / "queue/pid/master.pid"
        return [int(path.read_text())] if path.exists() and path.read_text().strip() else []

    def _family(self, pid: int) -> list[int]:
        """The process and all below it."""
        found = [pid]
        for each in found:
            with suppress(OSError):
                text = Path(f"/proc/{each}/task/{each}/children").read_text()
                found += [int(child) for child in text.split()]
        return found

    def close(self) -> None:
        """End it and take its directories away."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


def _without(text: str, extra: str) -> str:
    """The settings that these do not set again: each process would warn of it, and the one that writes
    warnings down waits for itself then, now and then for ever."""
    for name in re.findall(r"^(\w+) =", extra, re.MULTILINE):
        text = re.sub(rf"^{name} =.*\n(?:[ \t].*\n)*", "", text, flags=re.MULTILINE)
    return text


def required() -> None:
    """Skips the test where Postfix cannot run, unless the suite must have it."""
    if PROGRAM is None or os.geteuid() != 0:
        why = "Postfix is not installed, or this is not root, as which alone it starts."
        if os.environ.get("SALOTTO_REQUIRE_MAIL_SERVERS"):
            pytest.fail(why)
        pytest.skip(why)


@contextmanager
def postfix(**settings: object) -> Iterator[Postfix]:
    """A server for the length of the block."""
    required()
    server = Postfix(**settings)  # type: ignore[arg-type]
    try:
        server.start()
        yield server
    finally:
        server.close()
