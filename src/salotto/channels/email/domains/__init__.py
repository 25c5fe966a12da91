"""What the DNS says about a domain that mail is sent from, and what should change there."""

from salotto.channels.email.domains.check import Question, check_domain
from salotto.channels.email.domains.findings import Finding, Level, Record

__all__ = ["Finding", "Level", "Question", "Record", "check_domain"]
