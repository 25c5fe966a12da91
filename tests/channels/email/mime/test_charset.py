"""Charsets: what programs declare, and what they meant."""

import pytest

from salotto.channels.email.mime import charset
from salotto.channels.email.mime.reading import Reading


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        (b"It\xc2\x92s \xc2\x9350\xc2\x94", "utf-8", "It’s “50”"),
        (b"It\x92s \xa4 50", "iso-8859-15", "It’s € 50"),
        (b"Ko\x9aice \x96 \xb5", "iso-8859-2", "Košice – ľ"),
        ("caffè\xa0– ¡olé!".encode(), "utf-8", "caffè\xa0– ¡olé!"),
    ],
)
def test_signs_of_windows_that_were_taken_for_control_characters_are_shown(
    data: bytes, declared: str, text: str
) -> None:
    assert charset.decode(data, declared, Reading()) == text


def test_one_line_that_is_no_utf_7_leaves_the_others_readable() -> None:
    read = charset.decode(b"+AD4 Caff+AOg-\nkey Q5+fkEUl=", "utf-7", Reading())
    assert read == "> Caffè\nkey Q5+fkEUl="
