"""Connecting a mailbox with its servers: settings and secrets kept, and tried before.

A password is never shown again, and stays with its server: whoever names another host or another
user has to enter it anew, or a password could be had by sending it to a server of one's own.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from salotto.accounts.locking import setting_up
from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email.models import Auth, Mailbox, Position, Security, Server, Way
from salotto.channels.email.providers import outgoing_beside
from salotto.core import audit
from salotto.core.errors import Invalid, Missing
from salotto.core.sealing import seal, unseal
from salotto.core.tenancy import account_scope

if TYPE_CHECKING:
    from salotto.channels.email.oauth import Answer, Grant, Provider
    from salotto.channels.email.trying import Step

SUBMISSION = (25, 465, 587)
"""Ports where nobody but who runs a host can listen for mail."""
_IDENTITY = ("host", "port", "username", "auth")


@dataclass(frozen=True, slots=True)
class Settings:
    """A server's settings as an admin enters them. An empty `password` keeps the one that is kept.
    `everything`: mails that lie in the folder already are wanted too; counts at the first look into
    a folder. A server that takes another's place is read from when that one was read last."""

    host: str
    port: int
    security: str = Security.TLS
    auth: str = Auth.PASSWORD
    username: str = ""
    password: str = ""
    folder: str = "INBOX"
    per_minute: int = 0
    enabled: bool = True
    everything: bool = False


def mailbox_of(mailbox_id: int, by: Member) -> Mailbox:
    """A mailbox of the member's account. Raises Missing."""
    with account_scope(by.account.pk):
        found: Mailbox | None = Mailbox.objects.filter(pk=mailbox_id).first()
    if found is None:
        raise Missing
    return found


def server_of(mailbox_id: int, way: str, by: Member) -> Server | None:
    """The server that a mailbox has for this way, None without one."""
    with account_scope(by.account.pk):
        found: Server | None = Server.objects.filter(mailbox_id=mailbox_id, way=way).first()
    return found


def save_server(mailbox_id: int, way: str, given: Settings, *, by: Member) -> Server:
    """Keep a server's settings; a mailbox is read by them within seconds. Raises Forbidden,
    Missing, Invalid."""
    must_manage_channels(by)
    given = checked(given, way)
    mailbox_of(mailbox_id, by)
    with setting_up(by):
        server = Server.objects.select_for_update().filter(mailbox_id=mailbox_id, way=way).first()
        server = server or Server(account_id=by.account.pk, mailbox_id=mailbox_id, way=way)
        _keep_secret(server, given, _is_another(server, given))
        _keep_position(server, given)
        for name in ("host", "port", "security", "auth", "username", "folder", "per_minute", "enabled"):
            setattr(server, name, getattr(given, name))
        server.trouble, server.trouble_since = "", None
        server.save()
        _place_position(server, given.everything)
        _note(server, by)
    return server


def with_password_of_receiving(mailbox_id: int, given: Settings, *, by: Member) -> Settings:
    """Settings of an outgoing server with the password that the mailbox is read with, which goes to no
    other host than its own or the one beside it, and for no other user. Raises Forbidden, Missing,
    Invalid."""
    must_manage_channels(by)
    given = checked(given, Way.OUT)
    mailbox_of(mailbox_id, by)
    known = server_of(mailbox_id, Way.IN, by)
    if known is None or known.auth != Auth.PASSWORD or not known.secret or not _is_beside(known, given):
        raise Invalid(_("The password of receiving goes to its own server only. Enter the password."))
    return replace(given, password=_kept_secret(known))


def _is_beside(known: Server, given: Settings) -> bool:
    hosts = known.host, outgoing_beside(known.host)[0]
    return given.host in hosts and given.port in SUBMISSION and given.username == known.username


def checked(given: Settings, way: str) -> Settings:
    """The settings without what was typed too much. Raises Invalid for what cannot be."""
    given = replace(
        given,
        host=given.host.strip().rstrip(".").lower(),
        username=given.username.strip(),
        folder=given.folder.strip() or "INBOX",
    )
    if way not in Way.values or given.security not in Security.values or given.auth not in Auth.values:
        raise Invalid(_("Choose from the list."))
    if not given.host or len(given.host) > 253 or any(sign in given.host for sign in " /@\\\x00"):
        raise Invalid(_("Enter the server's name, such as imap.example.com."))
    if not 1 <= given.port <= 65535:
        raise Invalid(_("The port is a number between 1 and 65535."))
    if len(given.username) > 254 or len(given.folder) > 250 or _has_controls(given):
        raise Invalid(_("The user name or the folder is too long, or has signs that cannot be."))
    if given.auth != Auth.NONE and not given.username:
        raise Invalid(_("Enter the user name, most often the email address."))
    return given


def _has_controls(given: Settings) -> bool:
    return any(ord(sign) < 32 for sign in given.username + given.folder + given.password)


def _is_another(server: Server, given: Settings) -> bool:
    return any(getattr(server, name) != getattr(given, name) for name in _IDENTITY)


def _keep_secret(server: Server, given: Settings, moved: bool) -> None:
    if given.auth == Auth.PASSWORD and given.password:
        server.secret = seal(given.password)
        server.token, server.token_until = "", None
    elif given.auth == Auth.PASSWORD and (moved or not server.secret):
        raise Invalid(_("Enter the password; it is asked again when the server or the user changes."))
    elif given.auth in (Auth.GOOGLE, Auth.MICROSOFT) and (moved or not server.secret):
        raise Invalid(_("Connect the mailbox with its provider first."))
    elif given.auth == Auth.NONE:
        server.secret = server.token = ""
        server.token_until = None


def _keep_position(server: Server, given: Settings) -> None:
    """Before the row changes: what came since the last look must not be skipped. Another port, way of
    signing in or spelling of the user are no other mailbox; another name of the server or the user
    may be one, which its folder tells (`Look`). All of a folder is read anew only if that is asked."""
    elsewhere = server.host != given.host or server.username.casefold() != given.username.casefold()
    if given.folder != server.folder or (elsewhere and given.everything):
        server.worked_at = None  # which says how far the folder was looked through
    if not elsewhere or server.pk is None:
        return
    known = Position.objects.filter(server=server)
    if given.everything:
        known.filter(folder=given.folder).delete()
    known.filter(uidvalidity__gte=0).update(uidvalidity=-1 - F("uidvalidity"))  # `left`


def _place_position(server: Server, everything: bool) -> None:
    """A folder that is read for the first time has a position to begin at."""
    if server.way != Way.IN:
        return
    row, made = Position.objects.get_or_create(
        account_id=server.account_id, server=server, folder=server.folder, defaults={"everything": everything}
    )
    if not made and row.uidvalidity is None:
        Position.objects.filter(pk=row.pk, uidvalidity=None).update(everything=everything)


def _note(server: Server, by: Member) -> None:
    audit.record(
        by.account.pk,
        by.user.pk,
        "mailbox.server",
        f"mailbox {server.mailbox_id}",
        way=server.way,
        host=server.host,
        username=server.username,
        enabled=server.enabled,
    )


def save_granted(found: "Answer", grant: "Grant", known: "Provider", username: str, by: Member) -> Server:
    """Both servers of a mailbox whose provider has given access; the incoming one.
    Raises Forbidden, Missing."""
    mailbox_of(found.mailbox, by)
    with setting_up(by):
        sealed = seal(grant.refresh), seal(grant.access), grant.until  # the same in both: renewed together
        incoming = _grant_one(found, Way.IN, known.incoming, sealed, username, by)
        _grant_one(found, Way.OUT, known.outgoing, sealed, username, by)
    return incoming


def _grant_one(
    found: "Answer",
    way: str,
    place: tuple[str, int, str],
    sealed: tuple[str, str, datetime],
    username: str,
    by: Member,
) -> Server:
    server = Server.objects.select_for_update().filter(mailbox_id=found.mailbox, way=way).first()
    server = server or Server(account_id=by.account.pk, mailbox_id=found.mailbox, way=way)
    host, port, security = place
    given = Settings(host, port, security, found.provider, username, everything=found.everything)
    given = replace(given, folder=server.folder)
    _keep_position(server, given)
    server.host, server.port, server.security = host, port, security
    server.auth, server.username, server.enabled = found.provider, username, True
    server.secret, server.token, server.token_until = sealed
    server.trouble, server.trouble_since = "", None
    server.save()
    _place_position(server, found.everything)
    _note(server, by)
    return server


def keep_grant(server: Server, grant: "Grant") -> None:
    """Renewed tokens, for both servers of the mailbox at its provider; not over newer ones."""
    with account_scope(server.account_id):
        Server.objects.filter(
            mailbox_id=server.mailbox_id, auth=server.auth, username=server.username, secret=server.secret
        ).update(
            secret=_sealed_again(server.secret, grant.refresh),
            token=seal(grant.access),
            token_until=grant.until,
        )


def _sealed_again(sealed: str, text: str) -> str:
    """The same seal for the same text, so that nobody takes it for a change of the settings."""
    return sealed if unseal(sealed) == text else seal(text)


def try_server(mailbox_id: int, way: str, given: Settings, *, by: Member) -> list["Step"]:
    """Connect as these settings say, before they are kept; see `trying.steps`. An empty password is
    the one that is kept, if server and user are the same. Raises Forbidden, Missing, Invalid."""
    from salotto.channels.email.trying import Attempt, steps

    must_manage_channels(by)
    given = checked(given, way)
    mailbox_of(mailbox_id, by)
    known = server_of(mailbox_id, way, by)
    same = known is not None and bool(known.secret) and not _is_another(known, given)
    if given.auth != Auth.NONE and not same and not (given.auth == Auth.PASSWORD and given.password):
        raise Invalid(_("Enter the password; it is asked again when the server or the user changes."))
    return steps(
        Attempt(
            way,
            given.host,
            given.port,
            given.security,
            given.auth,
            given.username,
            given.folder,
            lambda: given.password or _kept_secret(known),
        )
    )


def _kept_secret(server: Server | None) -> str:
    from salotto.channels.email.imap.signing import secret_of_server

    return secret_of_server(server) if server is not None else ""


def delete_server(mailbox_id: int, way: str, *, by: Member) -> None:
    """Forget a server, its password, and how far it was read. Raises Forbidden, Missing."""
    must_manage_channels(by)
    server = server_of(mailbox_id, way, by)
    if server is None:
        raise Missing
    with setting_up(by):
        Position.objects.filter(server=server).delete()
        Server.objects.filter(pk=server.pk).delete()
        audit.record(by.account.pk, by.user.pk, "mailbox.server_removed", f"mailbox {mailbox_id}", way=way)
