"""Every setting of an installation, read from `SALOTTO_*` variables: one line each.

`docs/settings.md` lists them all; a test compares the two.
"""

import difflib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
import psycopg
from psycopg.conninfo import conninfo_to_dict

LOG_LEVELS = ("debug", "info", "warning", "error")
MAIL_SCHEMES = ("smtp", "smtps", "file", "console")
GATEWAYS = ("sandbox", "stripe", "invoice")
ELSEWHERE = {  # read by the tests, not by the server
    "SALOTTO_TEST_DATABASE_URL",
    "SALOTTO_REQUIRE_BROWSER",
    "SALOTTO_REQUIRE_MAIL_SERVERS",
    "SALOTTO_CHROMIUM",
}


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
    mail_domain: str = ""
    postmaster: str = ""
    smtp_listen: str = ""
    lmtp_listen: str = ""
    smtp_certificate: str = ""
    smtp_key: str = ""
    mail_limit: int = 35
    mail_local: bool = False
    mail_private: bool = True
    mail_per_hour: int = 1000
    dns: str = ""
    google_client_id: str = ""
    google_client_secret: str = ""
    microsoft_client_id: str = ""
    microsoft_client_secret: str = ""
    trusted_proxies: str = ""
    signup: bool = True
    visitor_rate: int = 60
    address_rate: int = 600
    address_streams: int = 200
    demo: bool = False
    production: bool = False
    gateway: str = ""
    stripe_secret_key: str = ""
    stripe_publishable_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api: str = ""
    log_level: str = "info"

    @property
    def billing_gateway(self) -> str:
        """The gateway of accounts that have no other: the sandbox in the demo, else `invoice`."""
        return self.gateway or ("sandbox" if self.demo else "invoice")

    @property
    def public_url(self) -> str:
        """The address people open, without a trailing slash."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return (self.url or f"http://{host}:{self.port}").rstrip("/")


def _parse(name: str, kind: object, text: str) -> object:
    if kind is bool:
        if text.lower() not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
            raise ValueError(f"SALOTTO_{name.upper()} must be yes or no, not {text!r}.")
        return text.lower() in {"1", "true", "yes", "on"}
    if kind is int:
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"SALOTTO_{name.upper()} must be a whole number, not {text!r}.")
        return int(text)
    return Path(text).expanduser().absolute() if kind is Path else text


def read(environ: "os._Environ[str] | dict[str, str]" = os.environ) -> Options:
    """The options of this environment; raises ValueError with a sentence for a bad value."""
    known = {f.name: f.type for f in fields(Options)}
    given = {
        name: _parse(name, kind, environ[f"SALOTTO_{name.upper()}"])
        for name, kind in known.items()
        if environ.get(f"SALOTTO_{name.upper()}", "") != ""
    }
    options = Options(**given)  # type: ignore[arg-type]
    wrong = problems(options)
    if wrong:
        raise ValueError("\n".join(wrong))
    return options


def variables(options: Options) -> dict[str, str]:
    """The environment that `read` turns into these options, for our own child processes."""
    values = {f"SALOTTO_{f.name.upper()}": getattr(options, f.name) for f in fields(options)}
    words: dict[object, str] = {True: "yes", False: "no"}
    return {name: words[value] if isinstance(value, bool) else str(value) for name, value in values.items()}


def problems(options: Options) -> list[str]:
    """One sentence per setting whose value cannot be."""
    found = (check(options) for check in _CHECKS)
    return [sentence for sentence in found if sentence]


def unknown(environ: Mapping[str, str] = os.environ) -> list[str]:
    """One sentence per `SALOTTO_*` variable that no setting reads: a typing error, most likely."""
    known = {f"SALOTTO_{f.name.upper()}" for f in fields(Options)} | ELSEWHERE
    return [
        f"{name} is not a setting of Salotto and is ignored.{_did_you_mean(name, known)}"
        for name in sorted(environ)
        if name.startswith("SALOTTO_") and name not in known
    ]


def _did_you_mean(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.8)
    return f" Did you mean {near[0]}?" if near else ""


def _check_url(options: Options) -> str:
    parts = urlsplit(options.url)
    if not options.url or (
        parts.scheme in {"http", "https"} and parts.hostname and parts.path in {"", "/"}
        and not parts.query
    ):  # fmt: skip
        return ""
    return (
        "SALOTTO_URL must be the address that people open, without a path,"
        f" such as https://chat.example.com, not {options.url!r}."
    )


def _check_port(options: Options) -> str:
    if options.port <= 65535:
        return ""
    return f"SALOTTO_PORT must be between 1 and 65535 (0: any free one), not {options.port}."


def _check_workers(options: Options) -> str:
    if 1 <= options.workers <= 64:
        return ""
    return f"SALOTTO_WORKERS must be between 1 and 64, not {options.workers}."


def _check_threads(options: Options) -> str:
    if 1 <= options.threads <= 64:
        return ""
    return f"SALOTTO_THREADS must be between 1 and 64, not {options.threads}."


def _check_rates(options: Options) -> str:
    if options.visitor_rate < 1 or options.address_rate < 1:
        return "SALOTTO_VISITOR_RATE and SALOTTO_ADDRESS_RATE are requests per minute: 1 or more."
    return "" if options.address_streams >= 1 else "SALOTTO_ADDRESS_STREAMS must be 1 or more."


def _check_database(name: str) -> Callable[[Options], str]:
    def check(options: Options) -> str:
        text: str = getattr(options, name)
        try:
            conninfo_to_dict(text)
        except psycopg.ProgrammingError:
            return f"SALOTTO_{name.upper()} must look like postgresql://user:password@host:5432/salotto."
        return ""

    return check


def _check_owner_alone(options: Options) -> str:
    if options.migration_database_url and not options.database_url:
        return (
            "SALOTTO_MIGRATION_DATABASE_URL is set without SALOTTO_DATABASE_URL."
            " Set both, or only SALOTTO_DATABASE_URL."
        )
    return ""


def _check_secret(options: Options) -> str:
    if not options.secret_key or len(options.secret_key) >= 16:
        return ""
    return (
        "SALOTTO_SECRET_KEY is too short to be safe: use 32 random characters or more,"
        " or leave it unset and one is made and kept in the data directory."
    )


def _check_mail(options: Options) -> str:
    if not options.mail_url or urlsplit(options.mail_url).scheme in MAIL_SCHEMES:
        return ""
    return "SALOTTO_MAIL_URL must start with smtp://, smtps://, file:// or console:."


def _check_sender(options: Options) -> str:
    if "@" in parseaddr(options.mail_from)[1]:
        return ""
    return (
        "SALOTTO_MAIL_FROM must be a sender such as"
        f" Support <support@example.com>, not {options.mail_from!r}."
    )


def _check_mail_domain(options: Options) -> str:
    domain = options.mail_domain
    if not domain or (("." in domain or domain == "localhost") and domain == domain.strip().lower()):
        return ""
    return (
        "SALOTTO_MAIL_DOMAIN must be a domain in lower case whose mail comes to this server,"
        f" such as in.example.com, not {domain!r}."
    )


def _check_postmaster(options: Options) -> str:
    if not options.postmaster or re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", options.postmaster):
        return ""
    return (
        "SALOTTO_POSTMASTER must be the address of an inbox, such as support@example.com,"
        f" not {options.postmaster!r}."
    )


def _check_listen(name: str) -> Callable[[Options], str]:
    def check(options: Options) -> str:
        text: str = getattr(options, name)
        host, colon, port = text.rpartition(":")
        if not text or (host and colon and port.isascii() and port.isdigit() and int(port) <= 65535):
            return ""
        return f"SALOTTO_{name.upper()} must be an address and a port, such as 127.0.0.1:2525, not {text!r}."

    return check


def _check_certificate(options: Options) -> str:
    if bool(options.smtp_certificate) == bool(options.smtp_key):
        return ""
    return "SALOTTO_SMTP_CERTIFICATE and SALOTTO_SMTP_KEY name two files; set both or none."


def _check_mail_limit(options: Options) -> str:
    if 1 <= options.mail_limit <= 200:
        return ""
    return f"SALOTTO_MAIL_LIMIT is the largest mail in MB: between 1 and 200, not {options.mail_limit}."


def _check_dns(options: Options) -> str:
    host, _, port = options.dns.partition(":")
    try:
        ip_address(host or "127.0.0.1")
        if not options.dns or 0 < int(port or 53) <= 65535:
            return ""
    except ValueError:
        pass
    return f"SALOTTO_DNS must be an IPv4 address, with or without a port, not {options.dns!r}."


def _check_proxies(options: Options) -> str:
    for text in filter(None, (p.strip() for p in options.trusted_proxies.split(","))):
        try:
            ip_network(text)
        except ValueError:
            return (
                "SALOTTO_TRUSTED_PROXIES must list addresses or networks, separated by commas"
                f" (127.0.0.1, 10.0.0.0/8); {text!r} is neither."
            )
    return ""


def _check_gateway(options: Options) -> str:
    if options.billing_gateway not in GATEWAYS:
        return f"SALOTTO_GATEWAY must be one of {', '.join(GATEWAYS)}, not {options.gateway!r}."
    if options.billing_gateway == "sandbox" and options.production:
        return (
            "SALOTTO_GATEWAY is the sandbox, which takes no real money, and SALOTTO_PRODUCTION is on."
            " Choose stripe or invoice, or unset SALOTTO_PRODUCTION."
        )
    return ""


def _check_stripe(options: Options) -> str:
    missing = [
        f"SALOTTO_{name.upper()}"
        for name in ("stripe_secret_key", "stripe_publishable_key", "stripe_webhook_secret")
        if options.billing_gateway == "stripe" and not getattr(options, name)
    ]
    return f"SALOTTO_GATEWAY is stripe, which needs {', '.join(missing)} too." if missing else ""


def _check_log_level(options: Options) -> str:
    if options.log_level.lower() in LOG_LEVELS:
        return ""
    return f"SALOTTO_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {options.log_level!r}."


_CHECKS: tuple[Callable[[Options], str], ...] = (
    _check_url,
    _check_port,
    _check_workers,
    _check_threads,
    _check_rates,
    _check_database("database_url"),
    _check_database("migration_database_url"),
    _check_owner_alone,
    _check_secret,
    _check_mail,
    _check_sender,
    _check_mail_domain,
    _check_postmaster,
    _check_listen("smtp_listen"),
    _check_listen("lmtp_listen"),
    _check_certificate,
    _check_mail_limit,
    _check_dns,
    _check_proxies,
    _check_gateway,
    _check_stripe,
    _check_log_level,
)


def secret_key(options: Options) -> str:
    """The configured secret, or one made once and kept in the data directory (mode 0600)."""
    if options.secret_key:
        return options.secret_key
    path = options.data / "secret.key"
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(48))
    return path.read_text().strip()


def _write_once(path: Path, text: str) -> None:
    """The file appears whole or not at all; of two writers at once the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
