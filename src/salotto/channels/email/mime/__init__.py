"""Reading mail: pure functions from bytes, without database and network."""

from salotto.channels.email.mime.folding import fold
from salotto.channels.email.mime.htmlfold import fold_html
from salotto.channels.email.mime.mail import parse
from salotto.channels.email.mime.parsed import Address, Bounce, ParsedMail, Part

__all__ = ["Address", "Bounce", "ParsedMail", "Part", "fold", "fold_html", "parse"]
