"""Status lines in words, in the reader's language: who did what, to whom."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def users_in(data: Mapping[str, Any]) -> set[int]:
    """The ids of the users a status line speaks of, apart from its author."""
    to = data.get("to")
    return {to} if isinstance(to, int) else set()


def in_words(
    data: Mapping[str, Any],
    *,
    author: int | None,
    author_name: str,
    reader: int,
    names: Mapping[int, str],
) -> str:
    """One sentence for a status line; `names` knows the users of `users_in`."""
    if data.get("what") == "assigned":
        return _assigned(data.get("to"), author, author_name, reader, names)
    if data.get("what") == "bounced" and data.get("address"):
        return _("The mail to %(address)s came back: it could not be delivered") % {
            "address": data["address"]
        }
    plain = _plain(author, author_name, reader)
    return plain.get(str(data.get("what")), _("This conversation changed"))


def _assigned(to: Any, author: int | None, author_name: str, reader: int, names: Mapping[int, str]) -> str:
    whom = names.get(to, _("a former colleague"))
    if to == author:
        took = _("You took this over") if author == reader else _("%(who)s took this over")
        return took % {"who": author_name}
    if author is None:
        given = _("This was assigned to you") if to == reader else _("This was assigned to %(whom)s")
    elif author == reader:
        given = _("You assigned this to %(whom)s")
    elif to == reader:
        given = _("%(who)s assigned this to you")
    else:
        given = _("%(who)s assigned this to %(whom)s")
    return given % {"who": author_name, "whom": whom}


def _plain(author: int | None, author_name: str, reader: int) -> dict[str, str]:
    if author is None:
        return {
            "unassigned": _("This has no owner now"),
            "done": _("This was completed"),
            "reopened": _("Open again: the contact wrote"),
            "linked": _("This mail answers one of another conversation, where its sender takes no part"),
            "by_mail": _(
                "This goes on by email. Whoever writes in the chat again begins another conversation,"
                " as nobody has proven that the address is theirs."
            ),
            "sequel": _(
                "The earlier chat of this visitor goes on by email. Nobody has proven that its address is"
                " theirs, so repeat nothing here of what came by mail."
            ),
            "answers_deleted": _("The conversation that it answers was deleted"),
            "bounced": _("The mail came back: it could not be delivered"),
        }
    if author == reader:
        return {
            "unassigned": _("You gave this back to everyone"),
            "done": _("You completed this"),
            "reopened": _("You opened this again"),
        }
    who = {"who": author_name}
    return {
        "unassigned": _("%(who)s gave this back to everyone") % who,
        "done": _("%(who)s completed this") % who,
        "reopened": _("%(who)s opened this again") % who,
    }
