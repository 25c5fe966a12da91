"""Jobs of this room; procrastinate finds them here."""

from salotto.core.mail import send_mail

__all__ = ["send_mail"]
