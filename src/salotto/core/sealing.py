"""Secrets of others that we must keep in readable form (passwords of mail servers, keys):
sealed in the database with a key made from the installation's own secret, so that a copy of
the database alone gives nothing away.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotOpen(Exception):
    """The sealed text was sealed with another secret key, or is none: enter it anew."""


@lru_cache(maxsize=2)
def _fernet(secret: str) -> Fernet:
    """Encryption with the key that RFC 5869 derives from the installation's secret."""
    key = HKDF(SHA256(), 32, salt=None, info=b"salotto.sealing").derive(secret.encode())
    return Fernet(urlsafe_b64encode(key))


def seal(text: str) -> str:
    """The text, encrypted and signed, in ASCII; "" stays ""."""
    return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """The text behind `seal`. Raises CannotOpen."""
    try:
        return _fernet(settings.SECRET_KEY).decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken as error:
        raise CannotOpen from error
