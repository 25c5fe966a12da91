"""Why seats are refused: each reason a class, with its status, code and sentence."""

from collections.abc import Sequence

from babel.lists import format_list
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from salotto.billing.wording import locale
from salotto.core.errors import Conflict, Forbidden, Invalid

MOST_NAMES = 50


class NoFreeSeat(Conflict):
    """409: every seat of the account is in use."""

    code = "no_free_seat"

    def __init__(self, seats: int) -> None:
        super().__init__(no_free_seat(seats))


def no_free_seat(seats: int) -> str:
    """The sentence that says so, and what to do."""
    if seats == 0:
        return _now("This account has no seats. Nothing was changed.")
    return ngettext(
        "The account's only seat is in use. Nothing was changed."
        " Make its agent a viewer first: viewers need no seat.",
        "All %(seats)d seats are in use. Nothing was changed."
        " Make another agent a viewer first: viewers need no seat.",
        seats,
    ) % {"seats": seats}


class TooManyAgents(Conflict):
    """409: rule 20, fewer seats are wanted than there are agents.

    `agents` are their names, at most 50 of the `count`; `release` of them must be released.
    """

    code = "too_many_agents"

    def __init__(self, quantity: int, count: int, agents: Sequence[str]) -> None:
        self.count, self.agents, self.release = count, list(agents), count - quantity
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        names = format_list(self.agents[:MOST_NAMES], locale=locale(get_language() or "en"))
        return ngettext(
            "%(count)d people are agents: %(names)s. Nothing was charged. Make one of them a viewer"
            " first, or buy more seats.",
            "%(count)d people are agents: %(names)s. Nothing was charged. Make %(release)d of them"
            " viewers first, or buy more seats.",
            self.release,
        ) % {"count": self.count, "names": names, "release": self.release}


class RequestOpen(Conflict):
    """409: one request to support at a time."""

    code = "request_open"
    sentence = _("Support has an open request of this account. Take it back first, or wait for the answer.")


class NoOpenRequest(Conflict):
    """409: the request is closed, or not in the state that this needs."""

    code = "no_open_request"
    sentence = _("This request is not open any more. Nothing was changed. Reload the page.")


class NothingToRemove(Conflict):
    """409: no seats are paid for."""

    code = "nothing_to_remove"
    sentence = _("No seats are paid for, so there are none to remove. Nothing was changed.")


class StillSold(Conflict):
    """409: seats are bought in the dialog, not asked for (rule S14)."""

    code = "still_sold"
    sentence = _("Seats are still sold here. Buy them on the page Seats; nothing was sent to support.")


class BadRemoval(Invalid):
    """422: more seats than would be left at the next renewal; `most` can be removed."""

    code = "bad_removal"

    def __init__(self, most: int) -> None:
        sentence = ngettext(
            "At most one seat can be removed. Nothing was changed.",
            "At most %(most)d seats can be removed. Nothing was changed.",
            most,
        )
        super().__init__(sentence % {"most": most})


class NotAnOperator(Forbidden):
    """403: for those who run this server."""

    code = "not_operator"


class AlreadyAsked(Conflict):
    """409: the primary admin has been asked in the last 24 hours (rule 15)."""

    code = "already_asked"
    sentence = _("You have asked today already. The primary admin has your mail. Nothing was sent again.")
