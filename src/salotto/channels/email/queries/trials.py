"""How far test mails have got."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Substr

from salotto.channels.email import trials
from salotto.channels.email.models import Mailbox, RawMail, RawState, Server, Trial, Way
from salotto.core import clock
from salotto.core.errors import Missing
from salotto.core.tenancy import account_scope

LATELY = timedelta(seconds=5)
"""Within this a second test is the first one, clicked twice."""
LOOKED_AT = 50
_HEAD = 16_384


def has_way_in(mailbox: Mailbox) -> bool:
    """Whether anything that is sent to the mailbox could come here: by IMAP, by forwarding to an
    address of ours, or by HTTP. In the caller's account scope."""
    if settings.MAIL_DOMAIN or mailbox.hook_digest:
        return True
    return bool(Server.objects.filter(mailbox=mailbox, way=Way.IN, enabled=True).exists())


def running(mailbox: Mailbox) -> Trial | None:
    """The test that was begun a moment ago; in the caller's account scope."""
    recent = Trial.objects.filter(mailbox=mailbox, created_at__gt=clock.now() - LATELY)
    found: Trial | None = recent.order_by("-id").first()
    return found


def last_trial(mailbox: Mailbox) -> Trial | None:
    """The newest test of a mailbox."""
    with account_scope(mailbox.account_id):
        found: Trial | None = Trial.objects.filter(mailbox=mailbox).order_by("-id").first()
    return found


def trial_of(mailbox: Mailbox, trial_id: int) -> Trial:
    """A test of this mailbox, with `seen_at` also while its mail waits to be taken in. Raises
    Missing."""
    with account_scope(mailbox.account_id):
        trial: Trial | None = Trial.objects.filter(mailbox=mailbox, pk=trial_id).first()
        if trial is None:
            raise Missing
        if trial.seen_at is None:
            _look_for(trial)
    return trial


def _look_for(trial: Trial) -> None:
    since = trial.created_at - timedelta(minutes=1)  # the clocks of server and database may differ
    found = RawMail.objects.filter(
        mailbox_id=trial.mailbox_id, state=RawState.WAITING, received_at__gte=since
    ).order_by("-id")
    rows = found.annotate(head=Substr("content", 1, _HEAD)).values_list("head", "received_at", "source")
    for head, at, source in rows[:LOOKED_AT]:
        if trials.trial_of(bytes(head), trial.account_id) == trial.pk:
            trial.seen_at, trial.source = at, source
