"""A real Dovecot on loopback, with a directory, a port and users of its own.

with dovecot() as server:
    server.deliver("anna", b"...")

It never runs as root: root starts it as "nobody", anybody else as themselves.
"""

import imaplib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from salotto.core.postgres.children import die_with_parent
from tests.mailservers.certificates import Certificate

HOST = "127.0.0.1"
PASSWORD = "correct-horse"
PATIENCE = 30.0
NOBODY = 65534
PROGRAM = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = {ssl}
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:~/Maildir
maildir_stat_dirs = yes
mail_fsync = never
mail_max_userip_connections = {most}
{oauth}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service imap {{
  process_limit = 200
}}
{extra}
"""

OAUTH = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
"""


def free_port() -> int:
    with socket.create_server((HOST, 0)) as free:
        return int(free.getsockname()[1])


def await_that(condition: object, what: str, within: float = PATIENCE) -> object:
    """The condition's first true value, looked for again and again."""
    deadline = time.monotonic() + within
    never = threading.Event()
    while time.monotonic() < deadline:
        if found := condition():  # type: ignore[operator]
            return found
        never.wait(0.02)
    raise AssertionError(f"not within {within:.0f} s: {what}")


class Dovecot:
    """One server; `start` and `stop` or `kill`, as often as wanted, with the same mailboxes."""

    def __init__(self, *, most: int = 100, extra: str = "", tokens: str = "") -> None:
        self.home = Path(tempfile.mkdtemp(prefix="salotto-dovecot-", dir="/tmp"))
        self.home.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = Certificate(self.home, "localhost")
        self.uid, self.gid = (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        self._settings = {"most": most, "extra": extra}
        self._write(tokens)
        self.process: subprocess.Popen[bytes] | None = None

    def _write(self, tokens: str) -> None:
        import grp
        import pwd

        names = {"user": pwd.getpwuid(self.uid).pw_name, "group": grp.getgrgid(self.gid).gr_name}
        if tokens:
            (self.home / "oauth2.conf").write_text(
                f"tokeninfo_url = {tokens}\nusername_attribute = email\nintrospection_mode = auth\n"
            )
        text = CONFIGURATION.format(
            home=self.home,
            ssl="yes",
            certificate=self.certificate.chain,
            key=self.certificate.key,
            password=PASSWORD,
            uid=self.uid,
            gid=self.gid,
            port=self.port,
            tls_port=self.tls_port,
            oauth=OAUTH.format(home=self.home) if tokens else "",
            **names,
            **self._settings,
        )
        (self.home / "dovecot.conf").write_text(text)
        for name in ("mail", "run", "state"):
            (self.home / name).mkdir()
        for path in (self.home, *self.home.rglob("*")):
            os.chown(path, self.uid, self.gid)

    def start(self) -> None:
        """Start it and wait until it greets."""
        assert PROGRAM is not None
        as_user = {"user": self.uid, "group": self.gid, "extra_groups": []} if os.geteuid() == 0 else {}
        self.process = subprocess.Popen(
            [PROGRAM, "-F", "-c", str(self.home / "dovecot.conf")],
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 (from the main thread)
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            **as_user,  # type: ignore[call-overload]
        )
        await_that(self._greets, f"Dovecot answers; {self.log()}")

    def _greets(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log()
        try:
            with socket.create_connection((HOST, self.port), timeout=5) as link:
                return link.recv(100).startswith(b"* OK")
        except OSError:
            return False

    def log(self) -> str:
        """What it has written down."""
        path = self.home / "log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def stop(self) -> None:
        """End it politely, all of its processes."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        if number != signal.SIGKILL and self.process.poll() is None:
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def close(self) -> None:
        """End it and take its directory away."""
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def maildir(self, user: str) -> Path:
        """Where a user's mails lie."""
        return self.home / "mail" / user / "Maildir"

    def deliver(self, user: str, *mails: bytes) -> None:
        """Mails arrive in the inbox, as a delivery agent puts them there: whole, by rename."""
        folder = self.maildir(user)
        for path in (folder.parent, folder, *(folder / name for name in ("new", "cur", "tmp"))):
            if not path.exists():
                path.mkdir()
                os.chown(path, self.uid, self.gid)
        for mail in mails:
            name = f"{time.time_ns()}.{uuid4().hex}.test"
            (folder / "tmp" / name).write_bytes(mail)
            os.chown(folder / "tmp" / name, self.uid, self.gid)
            (folder / "tmp" / name).rename(folder / "new" / name)

    def renumber(self, user: str) -> None:
        """Forget all UIDs, as a restored mailbox does; only while nobody has it open."""
        for path in self.maildir(user).glob("dovecot*"):
            path.unlink()

    def back_up(self, user: str) -> Path:
        """A copy of a user's mailbox as it is now, with its UIDs."""
        copy = self.home / f"backup-{uuid4().hex}"
        subprocess.run(["cp", "-a", self.maildir(user), copy], check=True)
        return copy

    def restore(self, user: str, copy: Path) -> None:
        """Put the mailbox back to what was copied; only while nobody has it open."""
        shutil.rmtree(self.maildir(user))
        subprocess.run(["cp", "-a", copy, self.maildir(user)], check=True)

    @contextmanager
    def signed_in(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A mail reader of the user's, with the inbox open for writing."""
        with imaplib.IMAP4(HOST, self.port) as client:
            client.login(user, PASSWORD)
            client.select("INBOX")
            yield client

    def context(self) -> ssl.SSLContext:
        """One that believes its certificate."""
        return ssl.create_default_context(cafile=str(self.certificate.authority))


def required() -> None:
    """Skips the test where there is no Dovecot, unless the suite must have it."""
    if PROGRAM is None:
        if os.environ.get("SALOTTO_REQUIRE_MAIL_SERVERS"):
            pytest.fail("Dovecot is not installed (dovecot-imapd), and the suite must have it.")
        pytest.skip("Dovecot is not installed (dovecot-imapd).")


@contextmanager
def dovecot(**settings: object) -> Iterator[Dovecot]:
    """A server for the length of the block."""
    required()
    server = Dovecot(**settings)  # type: ignore[arg-type]
    try:
        server.start()
        yield server
    finally:
        server.close()
