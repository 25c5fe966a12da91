"""The views of the inbox: which conversations each one holds."""

from enum import StrEnum
from typing import Any

from salotto.accounts.members import Member
from salotto.inbox.models import Status


class View(StrEnum):
    """A list of conversations; the value stands in addresses."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    DONE = "done"

    def conditions(self, by: Member) -> dict[str, Any]:
        """The filter of this view; each matches one partial index of the conversations."""
        if self is View.DONE:
            return {"status": Status.DONE}
        if self is View.MINE:
            return {"status": Status.OPEN, "assignee_id": by.user.pk}
        if self is View.UNASSIGNED:
            return {"status": Status.OPEN, "assignee_id": None}
        return {"status": Status.OPEN}
