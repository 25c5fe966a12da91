"""Refusals that only this room knows."""

from django.utils.translation import gettext_lazy as _

from salotto.core.errors import Forbidden, Refused


class Gone(Refused):
    """410: it was there, and has been used, withdrawn or has run out."""

    status, code = 410, "gone"


class ReadOnly(Forbidden):
    """403: nobody of this account may act until it is paid (rules 20 and 21)."""

    code = "read_only"
    sentence = _(
        "This account is read-only: its trial has ended, or an invoice is unpaid. Nothing was changed,"
        " and nothing is lost."
    )
