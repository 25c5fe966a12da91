"""A server's own words, as an admin reads them."""

import pytest

from salotto.channels.email.troubles import Trouble


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("b'[AUTHENTICATIONFAILED] Authentication failed.'", "[AUTHENTICATIONFAILED] Authentication failed."),
        ('select failed: b"it isn\'t there"', "select failed: it isn't there"),
        ("EXAMINE command error: BAD [b'Unknown']", "EXAMINE command error: BAD [Unknown]"),
        (b"5.7.8 no", "5.7.8 no"),
        ("b'nicht m\\xc3\\xb6glich'", "nicht möglich"),
        ("b'cut \\xc3'", "cut \N{REPLACEMENT CHARACTER}"),
        ("b'\\x'", "b'\\x'"),
        ("rb'x' is not bob's b", "rb'x' is not bob's b"),
        ("b'à'", "b'à'"),
        (None, ""),
    ],
)
def test_a_servers_words_are_read_without_pythons_marks(given: object, read: str) -> None:
    assert Trouble("It failed.", given).words == read
