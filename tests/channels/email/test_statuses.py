"""What a server's words about a mail mean."""

import pytest
from django.utils.translation import override

from salotto.channels.email import statuses, troubles


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("550 5.1.1 <a@b.example>: no such user", statuses.NOBODY),
        ("550-5.1.1 The account does not exist.\n550 5.1.1 Check it.", statuses.NOBODY),
        ("5.0.0 smtp; 552 5.2.2 over quota a@b.example", statuses.FULL),
        ("552 mailbox full", statuses.FULL),
        ("452 4.2.2 try later", statuses.FULL),
        ("450 4.2.1 later", statuses.BUSY),
        ("450 4.7.1 Greylisted, come back", statuses.LATER),
        ("451 Temporarily greylisted", statuses.LATER),
        ("550 5.7.26 This mail is unauthenticated", statuses.UNPROVEN),
        ("554 5.7.1 Spam", statuses.UNWANTED),
        ("535 5.7.8 Wrong", statuses.SIGN_IN),
        ("550 no", statuses.REFUSED),
        ("451 no", statuses.NOT_YET),
        (
            "a@b.example: 550 5.1.1 no\nc@d.example: 452 4.3.1 no",
            "a@b.example: {NOBODY}\nc@d.example: {BUSY}",
        ),
        ("connect to 5.1.1.3 failed", ""),
        ("Version 10.5.1.1 of it", ""),
        ("", ""),
    ],
)
def test_a_server_s_numbers_are_told_in_a_sentence(words: str, means: str) -> None:
    assert statuses.meaning(words) == means.format(NOBODY=statuses.NOBODY, BUSY=statuses.BUSY)


def test_our_own_sentence_is_told_apart_from_the_server_s_words() -> None:
    assert statuses.ours(f"{troubles.REFUSED}\n535 no") == (troubles.REFUSED, "535 no")
    assert statuses.ours("550 no\nway") == ("", "550 no\nway")
    with override("it"):
        assert statuses.ours("Sara Bianchi stopped it.") == ("Invio interrotto da Sara Bianchi.", "")


@pytest.mark.parametrize(("words", "hopeless"), [("550 5.1.1 no", True), ("552 5.2.2 full", False)])
def test_an_address_that_does_not_exist_is_not_tried_again(words: str, hopeless: bool) -> None:
    assert statuses.is_hopeless(words) is hopeless
