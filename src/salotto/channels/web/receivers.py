"""A new account starts with an inbox for its site."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import override

from salotto.accounts.models import Account
from salotto.accounts.signals import account_founded
from salotto.channels.web.models import Site
from salotto.core.tenancy import account_scope
from salotto.inbox.models import Inbox


@receiver(account_founded)
def account_was_founded(account: Account, **_rest: Any) -> None:
    """Create the first web inbox, named in the account's language."""
    with account_scope(account.pk), override(account.language):
        inbox = Inbox.objects.create(account=account, name=_("Web chat"), channel="web")
        Site.objects.create(account=account, inbox=inbox)
