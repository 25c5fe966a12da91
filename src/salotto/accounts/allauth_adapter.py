"""What allauth does our way."""

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):
    """Addresses in mails come from SALOTTO_URL, never from the Host header."""
