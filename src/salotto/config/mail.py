"""Where mail goes: SMTP when configured, else a folder of files, else the console."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from salotto.config.options import Options


def transport(options: Options) -> dict[str, Any]:
    """The e-mail backend and its arguments for `SALOTTO_MAIL_URL`.

    `smtp://user:password@host:587` uses STARTTLS unless `?tls=no`; `smtps://` is TLS from
    the first byte; `file:///path` writes one file per mail; `console:` prints. Without a
    setting mail goes to `<data>/mail`. Raises ValueError for any other scheme.
    """
    url = urlsplit(options.mail_url or f"file://{options.data / 'mail'}")
    if url.scheme == "console":
        return {"backend": "django.core.mail.backends.console.EmailBackend"}
    if url.scheme == "file":
        return {
            "backend": "django.core.mail.backends.filebased.EmailBackend",
            "file_path": url.path,
        }
    if url.scheme not in {"smtp", "smtps"}:
        raise ValueError("SALOTTO_MAIL_URL must start with smtp://, smtps://, file:// or console:.")
    encrypted = parse_qs(url.query).get("tls", ["yes"])[0] not in {"no", "0", "false"}
    return {
        "backend": "django.core.mail.backends.smtp.EmailBackend",
        "host": url.hostname or "localhost",
        "port": url.port or (465 if url.scheme == "smtps" else 587),
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "use_ssl": url.scheme == "smtps",
        "use_tls": url.scheme == "smtp" and encrypted,
        "timeout": 20,
    }
