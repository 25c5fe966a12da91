"""What is said of a server's certificate, and of an address that is none."""

import ssl

import pytest

from salotto.channels.email import troubles
from salotto.channels.email.recipients import parsed
from salotto.core.errors import Invalid


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (18, troubles.ISSUER),
        (20, troubles.ISSUER),
        (10, troubles.EXPIRED),
        (62, troubles.CERTIFICATE),
    ],
)
def test_a_certificate_is_refused_for_what_is_wrong_with_it(code: int, sentence: str) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "the library's words"
    assert troubles.of(error).text == f"{sentence}\nthe library's words"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("anna@a.example, broken", "broken"), ("Anna Rossi", "Anna Rossi"), ("no, anna@a.example", "no")],
)
def test_only_the_address_that_is_wrong_is_named(text: str, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        parsed([text])
    assert f"“{wrong}”" in str(refused.value.message)
