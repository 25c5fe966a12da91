"""Refusals that only this room knows."""

from salotto.core.errors import Refused


class Gone(Refused):
    """410: it was there, and has been used, withdrawn or has run out."""

    status, code = 410, "gone"
