"""Every setting of an installation, read from `SALOTTO_*` variables: one line each.

`docs/settings.md` lists them all; a test compares the two.
"""

import os
import secrets
from dataclasses import dataclass, field, fields
from pathlib import Path

import platformdirs


def default_data() -> Path:
    """Where data lives unless named: a system path for root, the user's own otherwise."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/salotto")
    return Path(platformdirs.user_data_dir("salotto"))


@dataclass(frozen=True)
class Options:
    """The settings in force. Field `mail_url` is read from `SALOTTO_MAIL_URL`, and so on."""

    data: Path = field(default_factory=default_data)
    database_url: str = ""
    migration_database_url: str = ""
    url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 8
    secret_key: str = ""
    mail_url: str = ""
    mail_from: str = "Salotto <salotto@localhost>"
    trusted_proxies: str = ""
    signup: bool = True
    demo: bool = False
    log_level: str = "info"

    @property
    def public_url(self) -> str:
        """The address people open, without a trailing slash."""
        return (self.url or f"http://{self.host}:{self.port}").rstrip("/")


def _parse(name: str, kind: object, text: str) -> object:
    if kind is bool:
        if text.lower() not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
            raise ValueError(f"SALOTTO_{name.upper()} must be yes or no, not {text!r}.")
        return text.lower() in {"1", "true", "yes", "on"}
    if kind is int:
        if not text.isdigit():
            raise ValueError(
                f"SALOTTO_{name.upper()} must be a whole number, not {text!r}."
            )
        return int(text)
    return Path(text) if kind is Path else text


def read(environ: "os._Environ[str] | dict[str, str]" = os.environ) -> Options:
    """The options of this environment; raises ValueError with a sentence for a bad value."""
    known = {f.name: f.type for f in fields(Options)}
    given = {
        name: _parse(name, kind, environ[f"SALOTTO_{name.upper()}"])
        for name, kind in known.items()
        if environ.get(f"SALOTTO_{name.upper()}", "") != ""
    }
    return Options(**given)  # type: ignore[arg-type]


def secret_key(options: Options) -> str:
    """The configured secret, or one made once and kept in the data directory (mode 0600)."""
    if options.secret_key:
        return options.secret_key
    path = options.data / "secret.key"
    if not path.exists():
        options.data.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
