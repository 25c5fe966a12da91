"""Mailboxes at Google and Microsoft 365 by OAuth 2: an admin consents once, no password is kept.

`begin` leads to the provider (RFC 6749 4.1 with PKCE, RFC 7636), `finish` takes the answer and
makes both servers of the mailbox. The state is signed, and bound to the session and the mailbox.
`access_token` gives a token that is still good for a while; fetching and sending both use it.
"""

import json
import secrets
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from salotto.accounts.members import Member, must_manage_channels
from salotto.channels.email import troubles
from salotto.channels.email.actions import connecting
from salotto.channels.email.models import Auth, Mailbox, Security, Server
from salotto.channels.email.troubles import Trouble
from salotto.core import clock
from salotto.core.errors import Invalid, Missing
from salotto.core.sealing import CannotOpen, unseal

SECONDS = 20.0
STATE_AGE = 15 * 60
EARLY = timedelta(minutes=5)
"""A token that ends within this is renewed: whoever gets one can still use it."""
SALT = "salotto.mail.oauth"
CALLBACK = "/mail/oauth/{provider}/callback"
_SESSION = "mail_oauth"


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider asks, gives tokens, and has its mail servers."""

    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    extra: tuple[tuple[str, str], ...]
    incoming: tuple[str, int, str]
    outgoing: tuple[str, int, str]


PROVIDERS = {
    Auth.GOOGLE: Provider(
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        ("openid", "email", "https://mail.google.com/"),
        (("access_type", "offline"), ("prompt", "consent")),  # else no refresh token the second time
        ("imap.gmail.com", 993, Security.TLS),
        ("smtp.gmail.com", 587, Security.STARTTLS),
    ),
    Auth.MICROSOFT: Provider(
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        (
            "openid",
            "email",
            "offline_access",
            "https://outlook.office.com/IMAP.AccessAsUser.All",
            "https://outlook.office.com/SMTP.Send",
        ),
        (("prompt", "select_account"),),
        ("outlook.office365.com", 993, Security.TLS),
        ("smtp.office365.com", 587, Security.STARTTLS),
    ),
}
"""The tests put a provider of their own here."""


def available() -> list[str]:
    """The providers that this installation has a client of."""
    return [name for name in PROVIDERS if settings.MAIL_OAUTH[name][0]]


def begin(
    mailbox: Mailbox, provider: str, request: HttpRequest, by: Member, *, everything: bool = False
) -> str:
    """Where to send the admin's browser. Raises Forbidden, Missing."""
    must_manage_channels(by)
    if provider not in available() or mailbox.account_id != by.account.pk:
        raise Missing
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    about = {"account": by.account.pk, "mailbox": mailbox.pk, "provider": provider, "nonce": nonce}
    state = signing.dumps({**about, "everything": everything}, salt=SALT)
    request.session[_SESSION] = {"nonce": nonce, "verifier": verifier}
    known = PROVIDERS[Auth(provider)]
    extra = {**dict(known.extra), **({"login_hint": mailbox.address} if mailbox.address else {})}
    with _session(provider) as session:
        url, _state = session.create_authorization_url(
            known.authorize_url, state=state, code_verifier=verifier, **extra
        )
    return str(url)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider's answer is about, once its state is known to be ours."""

    account: int
    mailbox: int
    provider: str
    everything: bool
    verifier: str


def answer(request: HttpRequest, provider: str) -> Answer:
    """Whose consent the browser brings back; each state is good once. Raises Invalid."""
    kept = request.session.pop(_SESSION, None) or {}
    try:
        about = signing.loads(request.GET.get("state", ""), salt=SALT, max_age=STATE_AGE)
    except signing.BadSignature as error:
        raise Invalid(_("This sign-in took too long or was begun elsewhere. Begin again.")) from error
    fits = about["provider"] == provider and secrets.compare_digest(
        about["nonce"], str(kept.get("nonce", ""))
    )
    if not fits:
        raise Invalid(_("This sign-in took too long or was begun elsewhere. Begin again."))
    return Answer(about["account"], about["mailbox"], provider, about["everything"], kept["verifier"])


def finish(found: Answer, request: HttpRequest, by: Member) -> Server:
    """Exchange the code and make both servers of the mailbox; the incoming one. Raises Forbidden,
    Missing, Invalid."""
    must_manage_channels(by)
    if found.account != by.account.pk:
        raise Missing
    code = request.GET.get("code", "")
    if not code:
        raise Invalid(_("The provider gave no access: %(words)s") % {"words": _words(request)})
    token = _exchange(found, code)
    if not token.get("refresh_token"):
        raise Invalid(_("The provider gave no lasting access. Remove Salotto there and begin again."))
    username = _address(token) or connecting.mailbox_of(found.mailbox, by).address
    return connecting.save_granted(found, _grant(token), PROVIDERS[Auth(found.provider)], username, by)


def _exchange(found: Answer, code: str) -> dict[str, Any]:
    known = PROVIDERS[Auth(found.provider)]
    try:
        with _session(found.provider) as session:
            return dict(
                session.fetch_token(known.token_url, code=code, code_verifier=found.verifier, timeout=SECONDS)
            )
    except _errors() as error:
        raise Invalid(_("The provider gave no access: %(words)s") % {"words": str(error)[:300]}) from error


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens of a mailbox, and until when the access token is good."""

    refresh: str
    access: str
    until: datetime


def access_token(server: Server) -> str:
    """A token that is good for a while yet; renewed before it ends. Raises Trouble."""
    try:
        if server.token and server.token_until and server.token_until > clock.now() + EARLY:
            return unseal(server.token)
        grant = _renewed(server.auth, unseal(server.secret))
    except CannotOpen as error:
        raise Trouble(troubles.WITHDRAWN) from error
    connecting.keep_grant(server, grant)
    return grant.access


def _renewed(provider: str, refresh: str) -> Grant:
    if not refresh or provider not in PROVIDERS:
        raise Trouble(troubles.WITHDRAWN)
    from authlib.integrations.base_client.errors import OAuthError

    try:
        with _session(provider) as session:
            token = session.refresh_token(PROVIDERS[Auth(provider)].token_url, refresh, timeout=SECONDS)
    except OAuthError as error:
        gone = error.error in ("invalid_grant", "interaction_required", "consent_required")
        raise Trouble(troubles.WITHDRAWN if gone else troubles.PROVIDER, error) from error
    except _errors() as error:
        raise Trouble(troubles.PROVIDER, error) from error
    return _grant({"refresh_token": refresh, **token})


def _grant(token: dict[str, Any]) -> Grant:
    lasts = timedelta(seconds=int(token.get("expires_in") or 3600))
    return Grant(token["refresh_token"], token["access_token"], clock.now() + lasts)


def _session(provider: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    client, secret = settings.MAIL_OAUTH[provider]
    return OAuth2Session(
        client,
        secret,
        scope=" ".join(PROVIDERS[Auth(provider)].scopes),
        redirect_uri=settings.PUBLIC_URL + CALLBACK.format(provider=provider),
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post",  # noqa: S106
    )


def _errors() -> tuple[type[Exception], ...]:
    """What may go wrong on the way to a provider."""
    from authlib.common.errors import AuthlibBaseError
    from requests import RequestException

    return AuthlibBaseError, RequestException, ValueError, KeyError


def _words(request: HttpRequest) -> str:
    return (request.GET.get("error_description") or request.GET.get("error") or "-")[:300]


def _address(token: dict[str, Any]) -> str:
    """Who has consented, from the id token. It came from the provider itself over TLS, so that its
    signature need not be checked (OpenID Connect Core 3.1.3.7)."""
    try:
        body = str(token["id_token"]).split(".")[1]
        claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(claims.get("email") or claims.get("preferred_username") or "")[:254]
    except (KeyError, IndexError, ValueError, AttributeError):
        return ""
