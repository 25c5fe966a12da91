"""Mailboxes at a provider: consent once, tokens renewed, access withdrawn."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from salotto.channels.email import oauth, troubles
from salotto.channels.email.models import Security, Server, Way
from salotto.channels.email.oauth import PROVIDERS
from salotto.channels.email.troubles import Trouble
from salotto.core import clock
from salotto.core.errors import Invalid, Missing
from salotto.core.sealing import unseal
from salotto.core.tenancy import account_scope
from tests.cast import found_account
from tests.channels.email.imap.boxes import Letterbox, letterbox, mail, tending
from tests.mailservers.dovecot import Dovecot, dovecot
from tests.mailservers.provider import Provider, provider


@pytest.fixture
def google(box: Letterbox, settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Google, as far as we can see."""
    settings.MAIL_OAUTH = {"google": ("client", "client secret"), "microsoft": ("", "")}  # type: ignore[attr-defined]
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with provider(box.user) as made:
        known = replace(PROVIDERS["google"], authorize_url=f"{made.url}/auth", token_url=f"{made.url}/token")  # type: ignore[index]
        monkeypatch.setitem(PROVIDERS, "google", known)  # type: ignore[arg-type]
        yield made


@pytest.fixture
def mails(google: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
    """Its IMAP server, which asks it whose token that is."""
    with dovecot(tokens=f"{google.url}/info?access_token=") as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.authority))
        known = replace(PROVIDERS["google"], incoming=("localhost", server.tls_port, Security.TLS))  # type: ignore[index]
        monkeypatch.setitem(PROVIDERS, "google", known)  # type: ignore[arg-type]
        yield server


def browser(session: SessionStore | None = None, **query: str) -> HttpRequest:
    request = RequestFactory().get("/mail/oauth/google/callback", query)
    request.session = session or SessionStore()
    return request


def connect(box: Letterbox, google: Provider) -> Server:
    """As an admin does."""
    leaving = browser()
    url = oauth.begin(box.mailbox, "google", leaving, box.owner, everything=True)
    back = browser(leaving.session, **google.consent(url))  # type: ignore[arg-type]
    return oauth.finish(oauth.answer(back, "google"), back, box.owner)


def test_a_mailbox_is_connected_and_read(mails: Dovecot, google: Provider, box: Letterbox) -> None:
    mails.deliver(box.user, mail(1))
    server = connect(box, google)
    assert (server.username, server.way) == (box.user, Way.IN)
    with account_scope(box.account):
        out = Server.objects.get(mailbox=box.mailbox, way=Way.OUT)
    assert (out.host, out.username, out.auth) == ("smtp.gmail.com", box.user, "google")
    with tending():
        box.await_count(1)
        mails.deliver(box.user, mail(2))
        box.await_count(2, within=2)


def test_the_provider_is_asked_for_what_is_needed(google: Provider, box: Letterbox) -> None:
    url = oauth.begin(box.mailbox, "google", browser(), box.owner)
    for part in ("https%3A%2F%2Fmail.google.com%2F", "code_challenge_method=S256", "access_type=offline"):
        assert part in url
    assert f"login_hint={box.user}%40example.com" in url
    assert "redirect_uri=http%3A%2F%2Ftestserver%2Fmail%2Foauth%2Fgoogle%2Fcallback" in url


def test_tokens_are_kept_sealed(google: Provider, box: Letterbox) -> None:
    server = connect(box, google)
    assert unseal(server.token) in google.access and unseal(server.secret) in google.refreshing
    assert not any(token in server.token + server.secret for token in (*google.access, *google.refreshing))


def test_a_token_that_ends_soon_is_renewed_for_both_servers(google: Provider, box: Letterbox) -> None:
    server = connect(box, google)
    first = oauth.access_token(server)
    assert oauth.access_token(server) == first
    with clock.at(clock.now() + timedelta(minutes=58)):
        second = oauth.access_token(server)
    assert second != first and second in google.access
    with account_scope(box.account):
        kept = {unseal(row.token) for row in Server.objects.filter(mailbox=box.mailbox)}
    assert kept == {second}


def test_access_that_was_withdrawn_is_said_and_consent_helps(
    mails: Dovecot, google: Provider, box: Letterbox
) -> None:
    mails.deliver(box.user, mail(1))
    google.lasts = 1
    connect(box, google)
    google.withdraw()
    with tending():
        box.await_trouble(troubles.WITHDRAWN)
        google.lasts = 3600
        connect(box, google)
        box.await_count(1, within=10)
        box.await_no_trouble()


def test_a_provider_that_does_not_answer_has_withdrawn_nothing(google: Provider, box: Letterbox) -> None:
    google.lasts = 1
    server = connect(box, google)
    google.close()
    with pytest.raises(Trouble) as found:
        oauth.access_token(server)
    assert found.value.sentence == troubles.PROVIDER


def test_an_answer_counts_once_and_in_its_own_browser(google: Provider, box: Letterbox) -> None:
    leaving = browser()
    brought = google.consent(oauth.begin(box.mailbox, "google", leaving, box.owner))
    with pytest.raises(Invalid):
        oauth.answer(browser(**brought), "google")
    with pytest.raises(Invalid):
        oauth.answer(browser(leaving.session, code="x", state="forged"), "google")  # type: ignore[arg-type]
    brought = google.consent(oauth.begin(box.mailbox, "google", leaving, box.owner))
    oauth.answer(browser(leaving.session, **brought), "google")  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        oauth.answer(browser(leaving.session, **brought), "google")  # type: ignore[arg-type]


def test_an_answer_is_for_its_own_account_and_its_state_ends(google: Provider, box: Letterbox) -> None:
    other = letterbox()
    with pytest.raises(Missing):
        oauth.begin(other.mailbox, "google", browser(), box.owner)
    with pytest.raises(Missing):
        oauth.begin(box.mailbox, "microsoft", browser(), box.owner)  # of which there is no client here
    leaving = browser()
    back = browser(
        leaving.session,  # type: ignore[arg-type]
        **google.consent(oauth.begin(box.mailbox, "google", leaving, box.owner)),
    )
    with pytest.raises(Missing):
        oauth.finish(oauth.answer(back, "google"), back, found_account())


def test_a_no_is_told(google: Provider, box: Letterbox) -> None:
    leaving = browser()
    state = google.consent(oauth.begin(box.mailbox, "google", leaving, box.owner))["state"]
    back = browser(leaving.session, state=state, error="access_denied")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="invalid") as refused:
        oauth.finish(oauth.answer(back, "google"), back, box.owner)
    assert "access_denied" in str(refused.value.message)
