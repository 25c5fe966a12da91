"""The words of the widget: a few for the launcher, the rest sent to the panel by `/w/hello`."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

LAUNCHER: Mapping[str, Any] = {
    "open": _("Open chat"),
    "close": _("Close chat"),
    "failed": _("The chat could not be loaded. Check your connection."),
    "retry": _("Try again"),
}
"""Known before anything is fetched; `failed` also speaks for a `/w/hello` without an answer."""

PANEL: Mapping[str, Any] = {
    "title": _("Chat with {site}"),
    "greeting": _("Hello! How can we help?"),
    "one_here": _("{name} is here now"),
    "here": _("We are here now"),
    "away": _("We answer as soon as we are back."),
    "empty": _("Ask us anything."),
    "empty_more": _("The answer arrives here, and stays here when you come back."),
    "messages": _("Messages"),
    "write": _("Write a message"),
    "placeholder": _("Write a message…"),
    "send": _("Send"),
    "emoji": _("Emoji"),
    "you": _("You"),
    "by_email": _("Answered by email"),
    "sending": _("Sending…"),
    "sent": _("Sent"),
    "seen": _("Seen"),
    "waiting": _("Waiting for the connection"),
    "wait_turn": _("Too many at once. Sent again in a moment."),
    "refused": _("Not sent."),
    "retry": _("Try again"),
    "edit": _("Edit"),
    "discard": _("Discard"),
    "offline": _("You are offline. What you write is kept and sent later."),
    "reconnecting": _("Connection lost. Trying again…"),
    "earlier": _("Loading earlier messages"),
    "newest": _("New messages"),
    "typing": _("{name} is typing"),
    "someone_typing": _("Someone is typing"),
    "too_long": _("At most {limit} characters. Shorten it by {over}."),
    "left": _("{left} characters left"),
    "link": _("{address} (opens in a new tab)"),
    "by": _("by Salotto"),
    "email": _("Your email (optional)"),
}
"""Texts in braces are filled by the panel."""

LEAVE: Mapping[str, Any] = {
    "greeting": _("Leave us a message"),
    "away": _("Nobody can answer here at the moment."),
    "empty": _("Nothing you write is lost."),
    "empty_more": _("With your email we can write back. The answer also appears here."),
}
"""Instead of those in `PANEL` where nobody can answer."""

BY_MAIL: Mapping[str, Any] = {"email": _("Your email, if you cannot wait here")}
"""Instead of those in `PANEL` where the answer goes on by mail."""


def panel_words(*, leave: bool = False, by_mail: bool = False) -> dict[str, str]:
    """The panel's words in the active language; `leave`: of a form to leave a message, `by_mail`:
    of a chat whose visitors may go."""
    own = {**PANEL, **(BY_MAIL if by_mail else {}), **(LEAVE if leave else {})}
    return {key: str(text) for key, text in own.items()}


@cache
def launcher_words() -> str:
    """The launcher's words as JSON, by language: {"en": {"open": …}, "it": …}."""
    by_language = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            by_language[code] = {key: str(text) for key, text in LAUNCHER.items()}
    return json.dumps(by_language, separators=(",", ":"))
