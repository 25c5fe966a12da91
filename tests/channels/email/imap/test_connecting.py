"""Settings of a mail server: kept, never shown, tried step by step before."""

import pytest

from salotto.accounts.models import Role
from salotto.channels.email import reaching
from salotto.channels.email.actions import connecting
from salotto.channels.email.actions.taking import take_in
from salotto.channels.email.models import Security, Server, Way
from salotto.core.errors import Conflict, Forbidden, Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.sealing import unseal
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Message
from tests.cast import add_member, found_account
from tests.channels.email.imap.boxes import Letterbox, mail, tending
from tests.mailservers.dovecot import PASSWORD, Dovecot

GOOD = connecting.Settings("imap.example.com", 993, username="anna", password="secret")


def save(box: Letterbox, **changes: object) -> Server:
    from dataclasses import replace

    return connecting.save_server(box.mailbox.pk, Way.IN, replace(GOOD, **changes), by=box.owner)  # type: ignore[arg-type]


def test_the_password_is_sealed_and_an_empty_one_keeps_it(box: Letterbox) -> None:
    first = save(box)
    assert "secret" not in first.secret and unseal(first.secret) == "secret"
    assert unseal(save(box, password="", folder="Support").secret) == "secret"


@pytest.mark.parametrize("change", [{"host": "imap.evil.example"}, {"username": "otto"}, {"port": 994}])
def test_a_kept_password_goes_to_no_other_server(box: Letterbox, change: dict[str, object]) -> None:
    save(box)
    with pytest.raises(Invalid):
        save(box, password="", **change)
    from dataclasses import replace

    moved = replace(GOOD, password="", **change)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        connecting.try_server(box.mailbox.pk, Way.IN, moved, by=box.owner)


@pytest.mark.parametrize(
    "change",
    [
        {"host": ""},
        {"host": "a b"},
        {"host": "x" * 300},
        {"port": 0},
        {"port": 70000},
        {"security": "magic"},
        {"auth": "guess"},
        {"username": ""},
        {"username": "a\r\nb"},
        {"folder": "x" * 300},
        {"password": "a\x00b"},
        {"auth": "google"},
    ],
)
def test_what_cannot_be_is_refused(box: Letterbox, change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        save(box, **change)


def test_only_who_may_set_up_channels_saves_or_tries(box: Letterbox) -> None:
    marco = add_member(box.owner.account, "Marco De Luca", role=Role.MEMBER)
    with pytest.raises(Forbidden):
        connecting.save_server(box.mailbox.pk, Way.IN, GOOD, by=marco)
    with pytest.raises(Forbidden):
        connecting.try_server(box.mailbox.pk, Way.IN, GOOD, by=marco)
    with pytest.raises(Missing):
        connecting.save_server(box.mailbox.pk, Way.IN, GOOD, by=found_account())


def test_saving_is_audited_without_the_password(box: Letterbox) -> None:
    save(box)
    with account_scope(box.account):
        entry = AuditEntry.objects.get(account_id=box.account, verb="mailbox.server")
    assert entry.detail["host"] == "imap.example.com"
    assert "secret" not in str(entry.detail)


def test_the_position_stays_with_the_mailbox_and_begins_anew_where_all_is_asked_for(box: Letterbox) -> None:
    save(box)
    with account_scope(box.account):
        type(box.position()).objects.update(uidvalidity=5, last_uid=77)
    save(box, password="changed", everything=True)
    assert box.position().last_uid == 77
    save(box, host="imap2.example.com", everything=True)
    assert (box.position().last_uid, box.position().uidvalidity) == (0, None)
    assert box.position().everything
    save(box, host="imap2.example.com")
    assert not box.position().everything  # before the first look the choice can still be changed


def attempt(box: Letterbox, port: int, **changes: object) -> list[tuple[str, bool]]:
    given = connecting.Settings(
        **{  # type: ignore[arg-type]
            "host": "localhost",
            "port": port,
            "security": Security.NONE,
            "username": box.user,
            "password": PASSWORD,
            **changes,
        }
    )
    found = connecting.try_server(box.mailbox.pk, Way.IN, given, by=box.owner)
    return [(step.name, step.ok) for step in found]


def test_each_step_is_shown(server: Dovecot, box: Letterbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.authority))
    server.deliver(box.user, mail(1))
    all_well = [(name, True) for name in ("Server found", "Connected", "Signed in", "Folder found")]
    for port, security in ((server.port, "none"), (server.port, "starttls"), (server.tls_port, "tls")):
        assert attempt(box, port, security=security) == all_well


def test_the_step_that_fails_is_the_last_one(server: Dovecot, box: Letterbox) -> None:
    assert attempt(box, 1)[-1] == ("Connected", False)
    assert attempt(box, server.tls_port, security="tls")[-1] == ("Connected", False)
    assert attempt(box, server.port, password="wrong")[-1] == ("Signed in", False)
    assert attempt(box, server.port, folder="Nowhere")[-1] == ("Folder found", False)
    assert attempt(box, server.port, host="nowhere.invalid") == [("Server found", False)]


def test_the_servers_own_words_are_shown(server: Dovecot, box: Letterbox) -> None:
    given = connecting.Settings("127.0.0.1", server.port, Security.NONE, username=box.user, password="wrong")
    last = connecting.try_server(box.mailbox.pk, Way.IN, given, by=box.owner)[-1]
    assert last.words == "The server refuses the user name or the password."
    assert last.detail == "[AUTHENTICATIONFAILED] Authentication failed."


@pytest.mark.parametrize(
    ("address", "local", "elsewhere"),
    [
        ("127.0.0.1", True, False),
        ("::1", True, False),
        ("::ffff:127.0.0.1", True, False),
        ("0.0.0.0", True, False),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::169.254.169.254", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("64:ff9b::93.184.216.34", True, True),
        ("fe80::1", False, False),
        ("fd00:ec2::254", False, False),
        ("224.0.0.1", False, False),
        ("10.0.0.5", True, True),
        ("192.168.1.10", True, True),
        ("fd12::1", True, True),
        ("93.184.216.34", True, True),
    ],
)
def test_some_addresses_are_never_reached(
    settings: object, address: str, local: bool, elsewhere: bool
) -> None:
    from ipaddress import ip_address

    settings.MAIL_LOCAL = True  # type: ignore[attr-defined]
    assert reaching.allowed(ip_address(address)) is local
    settings.MAIL_LOCAL = False  # type: ignore[attr-defined]
    assert reaching.allowed(ip_address(address)) is elsewhere


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("10.0.0.5", False),
        ("172.16.0.1", False),
        ("192.168.1.10", False),
        ("100.64.0.1", False),
        ("fd12::1", False),
        ("::ffff:10.0.0.5", False),
        ("64:ff9b::10.0.0.5", False),
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", True),  # a matter of its own
    ],
)
def test_private_networks_are_not_reached_where_the_operator_forbids_it(
    settings: object, address: str, public: bool
) -> None:
    from ipaddress import ip_address

    settings.MAIL_LOCAL = True  # type: ignore[attr-defined]
    settings.MAIL_PRIVATE = False  # type: ignore[attr-defined]
    assert reaching.allowed(ip_address(address)) is public


def test_this_very_machine_is_not_reached_unless_the_operator_says_so(
    server: Dovecot, box: Letterbox, settings: object
) -> None:
    settings.MAIL_LOCAL = False  # type: ignore[attr-defined]
    assert attempt(box, server.port) == [("Server found", False)]
    box.connect(server.port)
    with tending():
        box.await_trouble("Mail servers at this address are not allowed")


def test_the_rest_of_a_large_mail_comes_when_the_limit_is_raised(
    server: Dovecot, box: Letterbox, settings: object
) -> None:
    from salotto.channels.email import tasks
    from salotto.channels.email.actions.retrying import retry_raw

    settings.MAIL_LIMIT = 1 << 20  # type: ignore[attr-defined]
    large = mail(7, 2 << 20)
    server.deliver(box.user, large)
    box.connect(server.port)
    with tending():
        box.await_count(1)
    raw = box.raws()[0]
    with pytest.raises(Conflict, match="too_large"):
        retry_raw(raw.pk, by=box.owner)
    assert take_in(box.account, box.mailbox.pk).done == 1
    tasks.fetch_again(box.account, raw.pk)
    told = box.raws()[0]
    assert told.state == "failed" and "2.0 MB > 1 MB" in told.error and told.message_id
    settings.MAIL_LIMIT = 9 << 20  # type: ignore[attr-defined]
    retry_raw(raw.pk, by=box.owner)
    tasks.fetch_again(box.account, raw.pk)
    assert box.raws()[0].state == "waiting" and bytes(box.raws()[0].content) == large
    assert take_in(box.account, box.mailbox.pk).done == 1
    with account_scope(box.account):
        message = Message.objects.get()
    whole = box.raws()[0]
    assert (whole.state, whole.message_id, message.pk) == ("done", told.message_id, told.message_id)
    assert message.body.startswith("Where is my parcel?") and "part" not in message.data
