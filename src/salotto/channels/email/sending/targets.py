"""Which server a mailbox sends by."""

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings

from salotto.channels.email import troubles
from salotto.channels.email.models import Auth, Server
from salotto.channels.email.sending.lines import Target
from salotto.channels.email.sending.outcome import NotNow
from salotto.core.sealing import CannotOpen, unseal

_SMTP = "django.core.mail.backends.smtp.EmailBackend"


def target_of(server: Server, at_most: float | None = None) -> Target:
    """A mailbox's own server, which may take so many seconds for a mail. Raises NotNow when its
    password cannot be opened."""
    return replace(_target_of(server), at_most=at_most)


def _target_of(server: Server) -> Target:
    if server.auth in (Auth.GOOGLE, Auth.MICROSOFT):
        return Target(
            _key(server), server.host, server.port, server.security, server.username, token=_token(server)
        )
    try:
        password = unseal(server.secret) if server.auth == Auth.PASSWORD else ""
    except CannotOpen as error:
        raise NotNow(troubles.CANNOT_OPEN, server=True) from error
    username = server.username if server.auth == Auth.PASSWORD else ""
    return Target(_key(server), server.host, server.port, server.security, username, password)


def _key(server: Server) -> str:
    return f"{server.account_id}.{server.pk}"


def own_target() -> Target | None:
    """The installation's own server; None where mail goes to files, memory or the console."""
    way = settings.MAIL_TRANSPORT
    if way.get("backend") != _SMTP:
        return None
    security = "tls" if way.get("use_ssl") else "starttls" if way.get("use_tls") else "none"
    return Target(
        "own", way["host"], way["port"], security, way.get("username", ""), way.get("password", ""), ours=True
    )


def _token(server: Server) -> Callable[[bool], str]:
    def token(fresh: bool) -> str:
        from salotto.channels.email import oauth  # slow to import, and few need it

        if fresh:
            server.token_until = None
        return oauth.access_token(server)

    return token
