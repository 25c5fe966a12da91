"""The words that the inbox's scripts show, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def words() -> dict[str, str]:
    """By name; `{n}`, `{h}`, `{m}`, `{time}` and `{name}` are filled in by the script."""
    return _times() | _states() | _thread() | _mail()


def _times() -> dict[str, str]:
    """The same texts as `times`, with the script's kind of gaps."""
    return {
        "now": _("now"),
        "minutes": _gaps(_("%(n)d min")),
        "hours": _gaps(_("%(n)d h")),
        "days": _gaps(_("%(n)d d")),
        "hours_minutes": _gaps(_("%(h)d h %(m)d min")),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "waiting": _gaps(_("waiting %(time)s")),
    }


def _gaps(text: str) -> str:
    for name in ("n", "h", "m", "time", "name", "names"):
        text = text.replace(f"%({name})d", f"{{{name}}}").replace(f"%({name})s", f"{{{name}}}")
    return text


def _states() -> dict[str, str]:
    return {
        "newer_one": _("1 new"),
        "newer_many": _("{n} new"),
        "reconnecting": _("Reconnecting …"),
        "offline": _("No connection"),
        "sign_in_again": _("You are signed out. Your text is kept here."),
        "sign_in": _("Sign in"),
        "failed": _("This did not reach the server. Nothing was changed."),
        "complete": _("Complete"),
        "completed": _("Completed"),
        "reopen": _("Reopen"),
        "reopened": _("Open again"),
        "unread": _("Marked unread for everyone"),
        "undo": _("Undo"),
    }


def _thread() -> dict[str, str]:
    return {
        "not_sent": _("Not sent: no connection to the server. Your text is kept."),
        "try_again": _("Try again"),
        "edit": _("Edit"),
        "typing": _("{name} is typing …"),
        "sending": _("sending …"),
        "you": _("You"),
        "you_preview": pgettext("our preview", "You:"),
        "note_by": _("Note · {name}"),
        "team_only": _("only the team sees this"),
        "send_anyway": _("Send anyway"),
        "too_long": _("{n} characters too many"),
        "left": _("{n} characters left"),
        "message_from": _("New message from {name}"),
        "nobody": _("Nobody"),
        "show_all": _("Show all"),
    }


def _mail() -> dict[str, str]:
    return {
        "to": _("To"),
        "cc": _("Cc"),
        "bcc": _("Bcc"),
        "nobody_yet": _("nobody yet"),
        "name_somebody": _("Name at least one recipient."),
        "reply_only_to": _gaps(_("Reply only to %(name)s")),
        "not_in_copy": _gaps(_("%(name)s is not in copy")),
        "not_in_copy_several": _gaps(_("Not in copy: %(names)s")),
        "in_copy": _("In copy: {names}"),
        "write_to": _gaps(_("Write to %(name)s …")),
        "remove": _("Remove {name}"),
        "not_an_address": _("{name} is not an email address"),
        "remote_one": _("Show 1 remote image"),
        "remote_many": _("Show {n} remote images"),
        "uploading": _("uploading …"),
        "upload_failed": _("Not uploaded"),
        "files_wait": _("A file is still on its way. Send again when it has arrived."),
        "files_failed": _("A file was not uploaded. Try again, or remove it."),
        "file_too_large": _("Larger than 25 MB"),
        "files_too_large": _("The files are larger than 25 MB together."),
        "too_many_files": _("At most 30 files"),
        "drop_here": _("Drop the files here"),
        "add_file": _("Attach {name}"),
        "forward": _("Forward"),
        "new_message": _("New message"),
        "mail_sent": _("On its way"),
        "conversation_gone": _("This conversation was deleted."),
        "show_folded": _("Show the quoted text and the signature"),
        "hide_folded": _("Hide the quoted text and the signature"),
        "loading": _("Loading …"),
    }
