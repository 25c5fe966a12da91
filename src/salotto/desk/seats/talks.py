"""What support and the account have said about a request, prepared for its page."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from salotto.billing import wording
from salotto.seats.models import RequestWord, SeatRequest

TONES = {"requested": "ochre", "scheduled": "olive", "declined": "wine"}


@dataclass(frozen=True, slots=True)
class Said:
    """Words of one side; `ours`: of the account's."""

    id: int
    who: str
    ours: bool
    text: str
    when: str
    iso: str


@dataclass(frozen=True, slots=True)
class Talk:
    """A request with its words, the oldest first. `opens`: the first of them are shown, below
    what was asked; `older` is the cursor of those before, or "". `may_write`: by this reader."""

    request: SeatRequest
    title: str
    tone: str
    asked: str
    said: list[Said]
    opens: bool
    older: str
    newest: bool
    may_write: bool


def talk(
    request: SeatRequest, words: list[RequestWord], older: str, *, zone: str, cursor: str, may_write: bool
) -> Talk:
    """Everything in words, with times in the account's time zone."""
    return Talk(
        request=request,
        title=title(request),
        tone=TONES.get(request.state, ""),
        asked=moment(request.asked_at, zone),
        said=[_said(word, zone) for word in words],
        opens=not older,
        older=older,
        newest=not cursor,
        may_write=may_write and not cursor,
    )


def title(request: SeatRequest) -> str:
    """ "Remove 4 seats": what was asked."""
    if request.kind == SeatRequest.Kind.ADD:
        return ngettext("Add one seat", "Add %(n)s seats", request.quantity) % {"n": request.quantity}
    return ngettext("Remove one seat", "Remove %(n)s seats", request.quantity) % {"n": request.quantity}


def _said(word: RequestWord, zone: str) -> Said:
    ours = word.side == RequestWord.Side.ACCOUNT
    who = word.author.name if ours else _("Support")
    return Said(word.pk, who, ours, word.text, moment(word.at, zone), word.at.isoformat())


def moment(at: datetime, zone: str) -> str:
    """ "23 November 2026, 14:05"."""
    return f"{wording.long_date(at, zone, get_language() or 'en')}, {at.astimezone(ZoneInfo(zone)):%H:%M}"
