"""Folding the quoted original and the signature off a plain text; see docs/decisions/0011."""

from salotto.channels.email.mime.folding.lines import passes_on
from salotto.channels.email.mime.folding.scan import fold

__all__ = ["fold", "passes_on"]
