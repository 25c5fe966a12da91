"""How the mails of an inbox look, with a preview, and what is sent by itself."""

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST

from salotto.accounts.http import MemberRequest, for_channel_managers
from salotto.channels.email import previewing
from salotto.channels.email.actions import mailboxes as actions
from salotto.channels.email.models import Mailbox
from salotto.channels.email.previewing import Preview
from salotto.channels.email.queries import mailboxes
from salotto.channels.email.queries.mailboxes import Standing
from salotto.core.errors import Invalid
from salotto.desk.email.common import back_to, note, page, standing_of
from salotto.desk.email.forms import Automatic, Chats, Logo, Looks
from salotto.desk.email.framed import frame, nothing

FIELDS = ("from_name", "company", "subject", "language", "signature", "colour", "footer")
with_frame = csp_update({"frame-src": [SELF]})
"""The preview stands in a frame of its own."""


@with_frame
@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def look(request: MemberRequest, mailbox: int) -> HttpResponse:
    """From name, company, signature, colour, footer; POST saves them."""
    standing = standing_of(request, mailbox)
    if request.method != "POST":
        known = {name: getattr(standing.mailbox, name) for name in FIELDS}
        return _look(request, standing, Looks(initial=known))
    form = Looks(request.POST)
    if form.is_valid() and _saved(request, standing, form):
        return back_to(request, "mailbox_look", standing.mailbox.pk)
    return _look(request, standing, form, 422)


def _look(request: MemberRequest, standing: Standing, form: Looks, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "logo_form": Logo(),
        "logo": previewing.logo_data(standing.mailbox),
        "company_of_account": request.member.account.name,
    }
    return page(request, standing, "look", context, status)


def _saved(request: MemberRequest, standing: Standing, form: Looks | Automatic) -> bool:
    try:
        actions.change_mailbox(standing.mailbox.pk, by=request.member, **form.cleaned_data)
    except Invalid as refused:
        note(form, refused)
        return False
    messages.success(request, _("Saved. It holds for mails from now on."))
    return True


@with_frame
@require_POST
@for_channel_managers
def logo(request: MemberRequest, mailbox: int) -> HttpResponse:
    """Keep the picture that is uploaded, or take the present one away."""
    standing = standing_of(request, mailbox)
    if request.POST.get("act") == "remove":
        actions.set_logo(standing.mailbox.pk, None, by=request.member)
        messages.success(request, _("The picture is removed."))
        return back_to(request, "mailbox_look", standing.mailbox.pk)
    form = Logo(request.POST, request.FILES)
    if form.is_valid():
        try:
            actions.set_logo(standing.mailbox.pk, form.cleaned_data["logo"].read(), by=request.member)
        except Invalid as refused:
            note(form, refused)
        else:
            messages.success(request, _("Saved. It holds for mails from now on."))
            return back_to(request, "mailbox_look", standing.mailbox.pk)
    known = Looks(initial={name: getattr(standing.mailbox, name) for name in FIELDS})
    context = {"form": known, "logo_form": form, "logo": previewing.logo_data(standing.mailbox)}
    return page(request, standing, "look", context, 422)


@require_POST
@xframe_options_sameorigin
@for_channel_managers
def preview(request: MemberRequest, mailbox: int) -> HttpResponse:
    """A frame with a mail as it would look with what was typed; nothing is kept."""
    row = standing_of(request, mailbox).mailbox
    form = Looks(request.POST)
    form.is_valid()
    with_changes(row, form, FIELDS)
    return _framed(request, previewing.answer(row, request.member))


@require_POST
@xframe_options_sameorigin
@for_channel_managers
def preview_automatic(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The same of the acknowledgement."""
    row = standing_of(request, mailbox).mailbox
    form = Automatic(request.POST)
    form.is_valid()
    with_changes(row, form, ("auto_reply",))
    if not row.auto_reply:
        return _nothing(request, _("There is no text."))
    return _framed(request, previewing.acknowledgement(row))


@require_POST
@xframe_options_sameorigin
@for_channel_managers
def preview_chats(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The same of the mail that carries a chat on."""
    row = standing_of(request, mailbox).mailbox
    if not request.POST.get("on"):
        return _nothing(request, _("This inbox carries no chats on."))
    return _framed(request, previewing.chat(row, request.member))


def with_changes(row: Mailbox, form: Looks | Automatic, names: tuple[str, ...]) -> None:
    """Put the fields that can be into the row, which is not saved; the others stay as they are."""
    for name in names:
        if name in form.cleaned_data:
            setattr(row, name, form.cleaned_data[name])


def _framed(request: MemberRequest, found: Preview) -> HttpResponse:
    plain = request.POST.get("as") == "text"
    return frame(found, plain=plain, theme=_theme(request), language=get_language() or "en")


def _nothing(request: MemberRequest, why: str) -> HttpResponse:
    return nothing(why, theme=_theme(request), language=get_language() or "en")


def _theme(request: MemberRequest) -> str:
    return request.user.theme if request.user.theme in ("light", "dark") else "system"


@with_frame
@require_http_methods(["GET", "HEAD", "POST"])
@for_channel_managers
def automatic(request: MemberRequest, mailbox: int) -> HttpResponse:
    """The acknowledgement of new conversations; POST saves it."""
    standing = standing_of(request, mailbox)
    if request.method != "POST":
        form = Automatic(initial={"auto_reply": standing.mailbox.auto_reply})
        return _automatic(request, standing, form, _chats(standing))
    form = Automatic(request.POST)
    if form.is_valid() and _saved(request, standing, form):
        return back_to(request, "mailbox_automatic", standing.mailbox.pk)
    return _automatic(request, standing, form, _chats(standing), 422)


def _chats(standing: Standing) -> Chats:
    row = standing.mailbox
    return Chats(initial={"on": row.continues_chats, "minutes": row.chat_minutes})


def _automatic(
    request: MemberRequest, standing: Standing, form: Automatic, chats_form: Chats, status: int = 200
) -> HttpResponse:
    other = mailboxes.chats_mailbox(request.member.account.pk)
    context = {
        "form": form,
        "chats_form": chats_form,
        "other": other if other and other.pk != standing.mailbox.pk else None,
    }
    return page(request, standing, "automatic", context, status)


@with_frame
@require_POST
@for_channel_managers
def chats(request: MemberRequest, mailbox: int) -> HttpResponse:
    """Whether this inbox carries chats on, and after how many minutes."""
    standing, form = standing_of(request, mailbox), Chats(request.POST)
    if form.is_valid():
        try:
            actions.choose_for_chats(standing.mailbox.pk, by=request.member, **form.cleaned_data)
        except Invalid as refused:
            note(form, refused)
        else:
            messages.success(request, _("Saved."))
            return back_to(request, "mailbox_automatic", standing.mailbox.pk)
    initial = Automatic(initial={"auto_reply": standing.mailbox.auto_reply})
    return _automatic(request, standing, initial, form, 422)
