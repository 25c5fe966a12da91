"""Whom an answer goes to: golden cases of reply-all."""

import pytest

from salotto.channels.email.composing.headers import mailbox
from salotto.channels.email.recipients import (
    MOST,
    Last,
    Recipients,
    as_lists,
    as_people,
    chosen,
    is_address,
    reply_all,
    written,
)
from salotto.core.errors import Invalid

US, HELP = ("Bottega Serena", "info@serena.example"), ("", "help@serena.example")
ANNA, ANNA_HOME = ("Anna Rossi", "anna@customer.example"), ("Anna", "anna.rossi@home.example")
BRUNO, CARLA = ("Bruno", "bruno@customer.example"), ("Carla", "carla@other.example")
LIST = ("Weavers", "weavers@lists.example")
OWN = {US[1], HELP[1], "r-1-2-abc@in.example"}


def own(address: str) -> bool:
    return address.lower() in OWN


def theirs(
    sender: tuple[str, str] = ANNA,
    to: tuple[tuple[str, str], ...] = (US,),
    cc: tuple[tuple[str, str], ...] = (),
    reply_to: tuple[tuple[str, str], ...] = (),
) -> Last:
    return Last(ours=False, sender=sender, reply_to=reply_to, to=to, cc=cc)


@pytest.mark.parametrize(
    ("last", "to", "cc"),
    [
        pytest.param(theirs(), (ANNA,), (), id="one customer"),
        pytest.param(theirs(to=(US, BRUNO), cc=(CARLA,)), (ANNA,), (BRUNO, CARLA), id="everybody"),
        pytest.param(theirs(to=(BRUNO,), cc=(US,)), (ANNA,), (BRUNO,), id="we were in Cc"),
        pytest.param(theirs(to=(BRUNO,)), (ANNA,), (BRUNO,), id="we were in Bcc"),
        pytest.param(theirs(to=(US, HELP), cc=(HELP,)), (ANNA,), (), id="two mailboxes of ours"),
        pytest.param(theirs(cc=(("", "R-1-2-ABC@in.example"),)), (ANNA,), (), id="a signed address of ours"),
        pytest.param(theirs(cc=(ANNA, BRUNO)), (ANNA,), (BRUNO,), id="the sender in Cc"),
        pytest.param(
            theirs(cc=(("ANNA", "ANNA@Customer.example"), BRUNO)), (ANNA,), (BRUNO,), id="spelt otherwise"
        ),
        pytest.param(theirs(to=(US, BRUNO), cc=(BRUNO, BRUNO)), (ANNA,), (BRUNO,), id="twice"),
        pytest.param(theirs(sender=ANNA_HOME, cc=(ANNA,)), (ANNA_HOME,), (ANNA,), id="from home"),
        pytest.param(theirs(reply_to=(ANNA_HOME,)), (ANNA_HOME,), (), id="asks for answers elsewhere"),
        pytest.param(theirs(reply_to=(ANNA, BRUNO)), (ANNA, BRUNO), (), id="to two"),
        pytest.param(theirs(to=(LIST, US), reply_to=(LIST,)), (LIST,), (), id="a list that takes answers"),
        pytest.param(theirs(to=(LIST, US)), (ANNA,), (LIST,), id="a list that does not"),
        pytest.param(theirs(sender=US, reply_to=(ANNA,)), (ANNA,), (), id="a form on our site"),
        pytest.param(theirs(reply_to=(US,)), (ANNA,), (), id="our own Reply-To"),
        pytest.param(theirs(sender=US, to=(ANNA, HELP)), (ANNA,), (), id="ours, sent elsewhere"),
        pytest.param(theirs(sender=US), (), (), id="nobody but us"),
        pytest.param(theirs(sender=("", "")), (), (), id="from nobody"),
        pytest.param(
            theirs(
                to=(("", "undisclosed-recipients"), ("Shop", "support")), cc=(("", "x@y.example."), BRUNO)
            ),
            (ANNA,),
            (BRUNO,),
            id="what is no address",
        ),
        pytest.param(Last(True, US, (), (ANNA,), (BRUNO,)), (ANNA,), (BRUNO,), id="ours before"),
        pytest.param(Last(True, US, (CARLA,), (ANNA,), ()), (ANNA,), (), id="our Reply-To is no matter"),
    ],
)
def test_reply_all(last: Last, to: tuple[object, ...], cc: tuple[object, ...]) -> None:
    assert reply_all(last, own) == Recipients(to, cc, ())  # type: ignore[arg-type]


def test_a_mail_to_a_crowd_is_answered_to_a_hundred() -> None:
    crowd = tuple(("", f"p{n}@crowd.example") for n in range(500))
    found = reply_all(theirs(to=crowd), own)
    assert found.to == (ANNA,) and len(found.cc) == MOST - 1


def test_what_an_agent_writes_is_read_with_names_and_commas() -> None:
    found = chosen(['"Rossi, Anna" <anna@a.example>, b@b.example'], ["ü@münchen.example"], [" "])
    assert found.to == (("Rossi, Anna", "anna@a.example"), ("", "b@b.example"))
    assert found.cc == (("", "ü@münchen.example"),) and found.bcc == ()


def test_each_address_once_and_the_first_place_counts() -> None:
    found = chosen(["a@a.example"], ["A@a.example", "b@b.example"], ["b@b.example", "c@c.example"])
    assert found.addresses == ("a@a.example", "b@b.example", "c@c.example")
    assert [len(found.to), len(found.cc), len(found.bcc)] == [1, 1, 1]


@pytest.mark.parametrize(
    "text",
    ["anna", "anna@", "@a.example", "a b@c.example", "a@b@c.example", "a@-b.example", '"a b"@c.example',
     "a@[b.example]", "a@b..example", "x@y.example\r\nBcc: z@z.example", "a\x00@b.example", "<>",
     "a" * 65 + "@b.example", "a@" + "b" * 260],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        chosen([text])
    assert refused.value.code == "bad_address"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("anna@example.com, no-address", "no-address"),
        ("Anna <anna@example.com>; no address at all; bo@example.com", "no address at all"),
        ('"Rossi, Anna" <anna@example.com>, <bo', "<bo"),
        ("no-address", "no-address"),
    ],
)
def test_of_a_list_only_what_is_no_address_is_named(text: str, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        chosen([text])
    assert str(refused.value.message) == f"“{wrong}” is not an email address."


def test_semicolons_divide_as_well() -> None:
    assert chosen(["a@b.example; c@d.example"]).addresses == ("a@b.example", "c@d.example")


def test_nobody_and_too_many_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        chosen(["", " "])
    assert refused.value.code == "no_recipients"
    with pytest.raises(Invalid) as refused:
        chosen([f"p{n}@a.example" for n in range(MOST + 1)])
    assert refused.value.code == "too_many_recipients"


def test_they_are_kept_and_read_back() -> None:
    assert as_people(as_lists((ANNA, BRUNO))) == (ANNA, BRUNO)
    assert as_people([["a"], 3, ["", "b@c.example"]]) == (("", "b@c.example"),)
    assert as_people(None) == ()


@pytest.mark.parametrize(
    "person", [ANNA, ("", "a@b.example"), ("Rossi, Anna", "a@b.example"), ('A "b" c\\', "a@b.example")]
)
def test_what_is_written_is_read_again(person: tuple[str, str]) -> None:
    assert chosen([written(person)]).to == (person,)


def test_international_names_and_addresses_are_written_so_that_agents_can_read_them() -> None:
    assert written(("Jürgen", "jürgen@müller.example")) == "Jürgen <jürgen@müller.example>"
    assert written(('Anna "la Rossa"', "a@b.example")) == '"Anna \\"la Rossa\\"" <a@b.example>'


@pytest.mark.parametrize(
    "address",
    ["a..b@docomo.ne.jp", '"a..b."@docomo.ne.jp', "a.@b.example", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]"],
)
def test_addresses_that_only_some_servers_know_are_written_to(address: str) -> None:
    assert chosen([written(("Anna", address))]).to == (("Anna", address),)
    assert mailbox(("Anna", address)) == f"Anna <{address}>"


def test_an_address_by_its_form() -> None:
    assert is_address("anna+shop@mail.customer.example") and not is_address("anna")
