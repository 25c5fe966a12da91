"""What the rail asks for."""

from django import template

from salotto.accounts.members import Member
from salotto.channels.email.queries.mailboxes import dead_count

register = template.Library()


@register.simple_tag
def mail_waits(member: Member) -> int:
    """How many mails wait for this member to decide; 0 for whoever may not."""
    return dead_count(member.account.pk) if member.can_manage_channels else 0
