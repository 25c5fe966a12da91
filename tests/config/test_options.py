"""Settings: read from the environment, refused in a sentence."""

from pathlib import Path

import pytest

from salotto.config import options
from salotto.config.options import Options

BAD = {
    "SALOTTO_URL": "chat.example.com",
    "SALOTTO_PORT": "70000",
    "SALOTTO_WORKERS": "0",
    "SALOTTO_THREADS": "1000",
    "SALOTTO_VISITOR_RATE": "0",
    "SALOTTO_ADDRESS_STREAMS": "0",
    "SALOTTO_DATABASE_URL": "postgresql://[half",
    "SALOTTO_SECRET_KEY": "short",
    "SALOTTO_MAIL_URL": "http://mail.example.com",
    "SALOTTO_MAIL_FROM": "nobody",
    "SALOTTO_MAIL_DOMAIN": "Example",
    "SALOTTO_POSTMASTER": "Support <support@example.com>",
    "SALOTTO_SMTP_LISTEN": "25",
    "SALOTTO_LMTP_LISTEN": "localhost:mail",
    "SALOTTO_SMTP_CERTIFICATE": "/etc/mail.pem",
    "SALOTTO_MAIL_LIMIT": "0",
    "SALOTTO_DNS": "dns.example.com",
    "SALOTTO_TRUSTED_PROXIES": "10.0.0.0/8, proxy",
    "SALOTTO_LOG_LEVEL": "loud",
    "SALOTTO_DEMO": "perhaps",
}


@pytest.mark.parametrize(("name", "value"), BAD.items())
def test_a_value_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        options.read({name: value})


@pytest.mark.parametrize("text", ["twenty", "-1", "1.5", "²", " 8000"])
def test_a_number_is_a_whole_one(text: str) -> None:
    with pytest.raises(ValueError, match="SALOTTO_PORT must be a whole number"):
        options.read({"SALOTTO_PORT": text})


@pytest.mark.parametrize("text", ["https://chat.example.com/", "http://10.0.0.1:8080", "http://[::1]:8000"])
def test_an_address_without_a_path_is_fine(text: str) -> None:
    assert options.read({"SALOTTO_URL": text}).public_url == text.rstrip("/")


@pytest.mark.parametrize(
    "text", ["https://a.example/chat", "ftp://a.example", "https://", "https://a.example?x"]
)
def test_any_other_address_is_not(text: str) -> None:
    with pytest.raises(ValueError, match="SALOTTO_URL"):
        options.read({"SALOTTO_URL": text})


def test_the_owner_alone_is_half_a_setting() -> None:
    with pytest.raises(ValueError, match="without SALOTTO_DATABASE_URL"):
        options.read({"SALOTTO_MIGRATION_DATABASE_URL": "postgresql:///salotto"})


def test_every_wrong_value_is_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"(?s)SALOTTO_URL.*SALOTTO_MAIL_URL"):
        options.read({"SALOTTO_URL": "x", "SALOTTO_MAIL_URL": "y:"})


def test_an_empty_variable_counts_as_none() -> None:
    assert options.read({"SALOTTO_PORT": "", "SALOTTO_MAIL_URL": ""}) == Options()


def test_children_read_the_same_options() -> None:
    given = Options(data=Path("/srv/a"), port=1, demo=True, signup=False, url="https://a.example")
    assert options.read(options.variables(given)) == given


def test_a_typing_error_is_pointed_out() -> None:
    assert options.unknown({"SALOTTO_DATABSE_URL": "x", "HOME": "/"}) == [
        "SALOTTO_DATABSE_URL is not a setting of Salotto and is ignored. Did you mean SALOTTO_DATABASE_URL?"
    ]


def test_what_the_tests_read_is_no_typing_error() -> None:
    assert options.unknown({"SALOTTO_TEST_DATABASE_URL": "x", "SALOTTO_DATA": "/"}) == []


def test_a_listener_on_every_address_is_opened_at_this_one() -> None:
    assert Options(host="0.0.0.0", port=80).public_url == "http://127.0.0.1:80"


def test_the_key_is_made_once_and_for_us_alone(tmp_path: Path) -> None:
    fresh = Options(data=tmp_path / "new")
    key = options.secret_key(fresh)
    assert len(key) >= 64
    assert options.secret_key(fresh) == key
    assert (tmp_path / "new" / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret.key"]


def test_a_given_key_is_not_written_down(tmp_path: Path) -> None:
    assert options.secret_key(Options(data=tmp_path, secret_key="x" * 40)) == "x" * 40
    assert list(tmp_path.iterdir()) == []
