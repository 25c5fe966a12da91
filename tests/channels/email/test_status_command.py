"""How mailboxes and sender domains fare, for whoever runs the server."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from salotto.channels.email.models import RawMail, RawState, Server
from salotto.cli import house, main
from salotto.config import check_mail
from salotto.config import options as settings
from salotto.config.options import Options
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.channels.email.domains.test_resolver import asked, server
from tests.channels.email.post import Post, letter, open_post
from tests.channels.email.sending.outbox import by_server
from tests.mailservers.dovecot import free_port

__all__ = ["asked", "server"]


@pytest.fixture
def salotto(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on the database of the tests: exit code, stdout, stderr."""
    monkeypatch.setattr(house, "visit", lambda options: options)
    monkeypatch.setattr(house, "load_django", lambda: None)
    monkeypatch.setattr(settings, "variables", lambda options: {})

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return (main(["email", *arguments]), *capsys.readouterr())

    return run


def row(salotto: Any, post: Post, *arguments: str) -> dict[str, Any] | None:
    """What `status` says of a mailbox; None when it is left out."""
    found = json.loads(salotto("status", "--json", *arguments)[1])
    return next((one for one in found if one["mailbox"] == post.mailbox.pk), None)


def test_every_mailbox_has_a_row(salotto: Any) -> None:
    post = open_post()
    post.store(letter("anna@customer.example", post.address))
    found = row(salotto, post)
    assert found is not None
    assert (found["address"], found["state"], found["waiting"], found["failed"]) == (
        post.address, "given", 1, 0,
    )  # fmt: skip
    assert post.address in salotto("status")[1]


def test_only_those_in_trouble(salotto: Any) -> None:
    post, fine = open_post(), open_post()
    by_server(post, 1, trouble="The server cannot be reached.", trouble_since=clock.now())
    assert row(salotto, fine, "--trouble") is None
    found = row(salotto, post, "--trouble")
    assert found is not None and found["trouble"].startswith("out: The server cannot be reached. (since ")


@pytest.fixture
def dns(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALOTTO_DNS", server)


@pytest.mark.usefixtures("dns")
def test_a_domain_is_looked_at_without_a_server(salotto: Any) -> None:
    code, text, _ = salotto("domain", "Shop.Example.", "--json")
    found = json.loads(text)
    assert (code, found["domain"]) == (0, "shop.example")
    assert [one["about"] for one in found["findings"]] == ["mx", "spf", "dmarc"]
    assert found["findings"][0]["words"] == "Mail for this domain is taken by first.example, second.example."


@pytest.mark.usefixtures("dns")
def test_what_is_bad_about_a_domain_ends_with_one(salotto: Any) -> None:
    code, text, _ = salotto("domain", "null.example", "--key", "ABC")
    assert code == 1
    assert "MX     bad" in text
    assert "record: salotto._domainkey.null.example TXT v=DKIM1; k=rsa; p=ABC" in text


def test_what_is_no_domain_is_refused(salotto: Any) -> None:
    code, _, why = salotto("domain", "nonsense")
    assert (code, "This is not a domain." in why) == (2, True)


# salotto check


def test_a_mailbox_in_trouble_and_mail_that_waits_are_told() -> None:
    post = open_post()
    by_server(post, 1, trouble="The server cannot be reached.", trouble_since=clock.now())
    ids = post.store(*(letter("anna@customer.example", post.address, subject=f"{n}") for n in range(2)))
    with account_scope(post.account):
        RawMail.objects.filter(pk=ids[0]).update(state=RawState.FAILED)
        RawMail.objects.filter(pk=ids[1]).update(received_at=clock.now() - timedelta(hours=1))
    found = " ".join(check_mail.troubles())
    assert "in trouble" in found
    assert "more than ten minutes" in found and "salotto email waiting" in found
    with account_scope(post.account):
        Server.objects.filter(mailbox=post.mailbox).delete()
        RawMail.objects.filter(pk__in=ids).update(state=RawState.DONE)


@pytest.fixture
def door() -> Iterator[str]:
    """A listener that greets as a mail server does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def greet() -> None:
            link, _ = listening.accept()
            with link:
                link.sendall(b"220 ready\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("kind", "domain", "wrong"),
    [("lmtp_listen", "in.example", ""), ("smtp_listen", "", "set SALOTTO_MAIL_DOMAIN")],
)
def test_an_open_door_is_fine_if_it_has_a_domain(door: str, kind: str, domain: str, wrong: str) -> None:
    said = check_mail.doors(Options(mail_domain=domain, **{kind: door}))
    assert wrong in said and bool(wrong) is bool(said)


def test_a_door_that_nobody_opens_is_a_problem_and_none_is_not() -> None:
    wrong = check_mail.doors(Options(smtp_listen=f"127.0.0.1:{free_port()}", mail_domain="in.example"))
    assert "Nothing receives mail at" in wrong and check_mail.doors(Options()) == ""


def test_a_postmaster_who_has_no_inbox_is_said(settings: Any) -> None:
    settings.POSTMASTER = open_post().address
    assert not any("SALOTTO_POSTMASTER" in words for words in check_mail.troubles())
    settings.POSTMASTER = "nobody@elsewhere.example"
    assert any("SALOTTO_POSTMASTER is the address of no inbox" in words for words in check_mail.troubles())
