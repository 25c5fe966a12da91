"""Certified mail as Italy has it (PEC): its provider says that there is one, and attaches the letter."""

import re

from salotto.channels.email.mime.tree import Node

LETTER = "postacert.eml"
_PROVIDER = re.compile(r"<posta-certificata@[^<>\s]{1,190}>\s{0,9}\Z", re.IGNORECASE)


def is_envelope(root: Node) -> bool:
    """Whether a provider has put a mail into this one. Its address says so beside the header, since that
    one can be added to any signed mail, and From to none."""
    return bool(root.first("x-trasporto")) and _PROVIDER.search(root.first("from")) is not None
