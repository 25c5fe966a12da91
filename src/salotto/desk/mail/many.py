"""One mail to many people, each in a conversation of their own: written, checked, sent, watched."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any
from uuid import uuid4, uuid5

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from salotto.accounts.http import MemberRequest, for_agents
from salotto.channels.email import actions as mail
from salotto.channels.email import statuses
from salotto.channels.email.actions.bulk import MOST, personal
from salotto.channels.email.actions.enclosing import MOST_BYTES, may_enclose
from salotto.channels.email.actions.queueing import must_find
from salotto.channels.email.previewing import Preview
from salotto.channels.email.previewing import written as written_to
from salotto.channels.email.queries import batches, composer, sending
from salotto.channels.email.queries.lost import MOST_ADDRESSES, lost_at
from salotto.channels.email.recipients import Person, is_address, parsed, written
from salotto.core.addresses import email_key
from salotto.core.errors import BadRequest, Invalid, Refused
from salotto.desk.mail.composer import said
from salotto.desk.mail.files import chip, size_in_words
from salotto.desk.mail.reading import fits, handed_out
from salotto.desk.mail.writing import Writing, read, sent_or_said
from salotto.desk.views.forms import number, numbers
from salotto.inbox.queries import Attached

FILE_BYTES = 200_000
"""Of a list that is uploaded."""
SHOWN_WRONG = 20
LOST_PAGE = 50
"""People who did not get it, on one page."""
_WORD = re.compile(r"\{\w[\w .-]{0,30}\}")
"""What somebody may mean to be filled in."""
_NO_NAME = re.compile(r"[@;\x00-\x1f\x7f]")
"""What the name of a contact cannot have in a list of people; an address is no name."""


class Many(Writing):
    """A mail to many as its form holds it: 1,000 people, each with a name."""

    to = forms.CharField(required=False, max_length=FILE_BYTES)


@dataclass(frozen=True, slots=True)
class Checked:
    """Who was named: `people` once each, how many were `twice` there, and what is no address. Left out
    are addresses of our `own`, and who has `left`: unsubscribed from such mails."""

    people: tuple[Person, ...]
    twice: int
    wrong: tuple[str, ...]
    own: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def too_many(self) -> bool:
        return len(self.people) > MOST


def check(texts: Iterable[str]) -> Checked:
    """Everybody in these texts, one or several to a line; what is no address is told apart."""
    people: dict[str, Person] = {}
    wrong: list[str] = []
    twice = 0
    for piece in texts:
        try:
            found = parsed([piece])
        except Invalid:
            wrong.append(piece[:80])
            continue
        for person in found:
            key = email_key(person[1])
            twice += key in people
            people.setdefault(key, person)
    return Checked(tuple(people.values()), twice, tuple(wrong))


def sifted(checked: Checked, account: int) -> Checked:
    """Without addresses of the account's inboxes and who has unsubscribed; who is a contact has a name."""
    is_own = sending.is_own(account)
    known = batches.known(address for _name, address in checked.people[: 2 * MOST])
    own = [address for _name, address in checked.people if is_own(address)]
    left = [address for _name, address in checked.people if email_key(address) in known.left]
    gone = {*own, *left}
    people = (_called(one, known.names) for one in checked.people if one[1] not in gone)
    return replace(checked, people=tuple(people), own=tuple(own), left=tuple(left))


def _called(person: Person, names: Mapping[str, str]) -> Person:
    """Somebody whose name was not given under that of the contact."""
    name = person[0] or names.get(email_key(person[1]), "")
    return (person[0] if _NO_NAME.search(name) else name, person[1])


def lines_of(text: str) -> Iterator[str]:
    """One piece per person, as people paste them: by lines, semicolons, or commas."""
    for line in text.replace(";", "\n").splitlines():
        if line.count("@") > 1:
            yield from (part.strip() for part in line.split(",") if part.strip())
        elif line.strip():
            yield line.strip().strip(",").strip()


def rows_of(content: bytes) -> Iterator[str]:
    """The addresses of a CSV file, with the cell before them as a name; a heading is passed over.
    Raises Invalid for what is no CSV."""
    text = content.decode("utf-8-sig", "replace").replace("\0", "")
    delimiter = max(",;\t", key=text[:2000].count)
    for n, row in enumerate(_rows(text, delimiter)):
        cells = [cell.strip() for cell in row if cell.strip()]
        address = next((cell for cell in cells if is_address(cell)), None)
        if address is not None:
            name = next((cell for cell in cells if cell != address and "@" not in cell), "")
            yield written((name, address))
        elif cells and n:
            yield " ".join(cells)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows, whatever ends their lines. Raises Invalid for what is no CSV."""
    try:
        yield from csv.reader(StringIO(text, newline=None), delimiter=delimiter)
    except csv.Error as error:
        raise Invalid(_("The list cannot be read. Save it as CSV, or paste it.")) from error


@require_http_methods(["GET", "HEAD", "POST"])
@for_agents
def many(request: MemberRequest) -> HttpResponse:
    """Write it; then see whom it goes to; then, with `sure`, send it."""
    if request.method != "POST":
        return _form(request)
    try:
        given = read(request, Many)
        named = check([*lines_of(given["to"]), *_uploaded(request)])
    except Refused as refused:
        return _form(request, str(refused.message))
    checked = sifted(named, request.member.account.pk)
    if request.POST.get("sure") == "1":
        return sent_or_said(
            request, lambda: _send(request, given, checked), lambda error: _form(request, error, checked)
        )
    if (
        "back" in request.POST
        or not checked.people
        or not given["subject"].strip()
        or not given["body"].strip()
    ):
        return _form(request, checked=checked, tried="back" not in request.POST)
    if "me" in request.POST:
        _send_to_me(request, given)
    return _check_page(request, given, checked)


def _send_to_me(request: MemberRequest, given: dict[str, Any]) -> None:
    """The mail to whoever writes it, to be looked at before all others get it; once for one text."""
    me = request.member.user
    text = f"me {given['mailbox']} {given['attachments']} {given['subject']}\n{given['body']}"
    try:
        mail.queue_many(
            given["mailbox"] or 0,
            [written((me.name, me.email))],
            given["subject"],
            given["body"],
            request.member,
            uuid5(given["key"], text),
            numbers(given["attachments"]),
        )
    except Refused as refused:
        messages.error(request, str(refused.message))
    else:
        messages.success(request, _("It is on its way to %(address)s.") % {"address": me.email})


def _check_page(request: MemberRequest, given: dict[str, Any], checked: Checked) -> HttpResponse:
    """Whom it goes to, and how; or the form again with the reason why it cannot."""
    try:
        shown = _as_sent(request, given, checked)
    except Refused as refused:
        return _form(request, str(refused.message), checked)
    named = _names(given, checked)
    lost = list(_not_reached(request, checked.people))
    more = {"lost": lost[:SHOWN_WRONG], "more_lost": len(lost[SHOWN_WRONG:]), **_carried(request, checked)}
    return _render(request, "many_check.html", given=given, checked=checked, shown=shown, **named, **more)


def _not_reached(request: MemberRequest, people: Sequence[Person]) -> Iterator[str]:
    """What is said of the addresses at which our last mail did not arrive."""
    addresses = [address for _name, address in people[:MOST]]
    with timezone.override(request.member.account.time_zone):
        for first in range(0, len(addresses), MOST_ADDRESSES):
            yield from (said(one)["said"] for one in lost_at(addresses[first : first + MOST_ADDRESSES]))


def _names(given: dict[str, Any], checked: Checked) -> dict[str, Any]:
    """Whether the mail names people, how many have no name, and what else looks as if it were filled in."""
    text = f"{given['subject']}\n{given['body']}"
    named = "{name}" in text
    unknown = [word for word in dict.fromkeys(_WORD.findall(text)) if word != "{name}"]
    nameless = sum(not name for name, _address in checked.people) if named else 0
    return {"named": named, "nameless": nameless, "unknown": unknown[:SHOWN_WRONG]}


def _as_sent(request: MemberRequest, given: dict[str, Any], checked: Checked) -> Preview:
    """The mail as the first person gets it. Raises Missing for a mailbox that is not there, Invalid
    where a file is gone, TooLarge for its files."""
    may_enclose(numbers(given["attachments"]), len(checked.people), request.member)
    mailbox = must_find(given["mailbox"] or 0)
    name = checked.people[0][0]
    return written_to(
        mailbox, personal(given["body"], name), personal(given["subject"], name), request.member
    )


def _uploaded(request: MemberRequest) -> Iterator[str]:
    """Who is in the list that came along. Raises Invalid for one that is too large: of half a
    list nobody knows who is missing, and its last address may be cut to another one."""
    given = request.FILES.get("list")
    if given is not None:
        if (given.size or 0) > FILE_BYTES:
            raise Invalid(_("The list is larger than 200 kB. Leave only names and addresses in it."))
        yield from rows_of(given.read(FILE_BYTES))


def _uploads(request: MemberRequest) -> list[Attached]:
    """The files that the form names, if they are still there."""
    try:
        return batches.uploads(numbers(request.POST.get("attachments", "")), request.member)
    except BadRequest:
        return []


def _carried(request: MemberRequest, checked: Checked) -> dict[str, Any]:
    """The files that go with the mail, and how much each mail and all of them carry."""
    files = _uploads(request)
    size = sum(one.size for one in files)
    sizes = {"size": size_in_words(size), "together": size_in_words(size * len(checked.people))}
    return {"files": [chip(one) for one in files], **sizes}


def _form(
    request: MemberRequest, error: str = "", checked: Checked | None = None, *, tried: bool = False
) -> HttpResponse:
    people = "\n".join(map(written, checked.people)) if checked else request.POST.get("to", "")
    return _render(
        request, "many.html", given=request.POST, error=error, checked=checked, tried=tried, people=people
    )


def _render(request: MemberRequest, name: str, **context: Any) -> HttpResponse:
    checked = context.get("checked")
    context |= {"mailboxes": composer.mailboxes(), "key": request.POST.get("key") or uuid4(), "most": MOST}
    context["most_bytes"] = FILE_BYTES
    if name == "many.html":
        context["before"] = composer.latest_batches()
        context["kept"] = json.dumps(
            [{"id": one.id, "name": one.name, "size": one.size} for one in _uploads(request)]
        )
        context["most_files"] = MOST_BYTES
    context |= {"section": "inbox", "wrong": checked.wrong[:SHOWN_WRONG] if checked else ()}
    context |= {name: getattr(checked, name, ())[:SHOWN_WRONG] for name in ("own", "left")}
    if checked:
        context["people"] = "\n".join(map(written, checked.people))
    return render(request, f"desk/mail/{name}", context)


def _send(request: MemberRequest, given: dict[str, Any], checked: Checked) -> str:
    batch = mail.queue_many(
        given["mailbox"] or 0,
        map(written, checked.people),
        given["subject"],
        given["body"],
        request.member,
        given["key"],
        numbers(given["attachments"]),
    )
    return reverse("mail_batch", args=[request.member.account.slug, batch.pk])


@require_safe
@for_agents
def progress(request: MemberRequest, batch: int) -> HttpResponse:
    """How far it has got, and who did not get it, `?after=<recipient>`; as a fragment for the page
    that watches."""
    fits(batch)
    after = number(request.GET.get("after")) or 0
    found = composer.progress_of(batch)
    counts = found.counts
    context: dict[str, Any] = {"batch": found, "section": "inbox", "waiting": counts.get("waiting", 0)}
    context["in_line"] = counts.get("queued", 0) + counts.get("sending", 0)
    context["sent"] = counts.get("sent", 0)
    context["lost"] = counts.get("failed", 0) + counts.get("refused", 0)
    context["bounced"] = counts.get("bounced", 0)
    context["may_retry"] = len(batches.lost_mails(batch)) if context["lost"] or context["bounced"] else 0
    context["skipped"], context["stopped"] = counts.get("skipped", 0), counts.get("stopped", 0)
    context["under_way"] = bool(context["waiting"] or context["in_line"])
    context["files"] = [chip(one) for one in batches.attached(batch)]
    context |= _lost(batch, after)
    return render(request, "desk/mail/_progress.html" if request.htmx else "desk/mail/progress.html", context)


def _lost(batch: int, after: int) -> dict[str, Any]:
    found = composer.lost_of(batch, after, LOST_PAGE + 1)
    more = found[LOST_PAGE - 1].id if len(found) > LOST_PAGE else None
    shown = [(one, *why(one.error)) for one in found[:LOST_PAGE]]
    return {"not_sent": shown, "more": more, "after": after}


@require_POST
@for_agents
def retry(request: MemberRequest, batch: int) -> HttpResponse:
    """Whoever did not get it, and may, is tried again."""
    fits(batch)
    tried = mail.retry_many(batch, request.member)
    words = ngettext("%(n)d mail is being tried again.", "%(n)d mails are being tried again.", tried)
    messages.success(request, words % {"n": tried})
    return redirect("mail_batch", request.member.account.slug, batch)


@require_safe
@for_agents
def lost(request: MemberRequest, batch: int) -> HttpResponse:
    """Who did not get it, as a CSV file."""
    fits(batch)
    composer.progress_of(batch)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mail-{batch}.csv"'
    out = csv.writer(response)
    out.writerow((_("Name"), _("Address"), _("Reason"), _("The server’s words")))
    for one in composer.lost_of(batch, 0, batches.MOST_LOST):
        out.writerow(map(_cell, (one.name, one.address, *why(one.error))))
    return response


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def why(error: str) -> tuple[str, str]:
    """Why somebody did not get a mail: in the reader's language, and in the server's words."""
    own, words = statuses.ours(error)
    return own or statuses.meaning(words), words


@require_safe
@for_agents
def file(request: MemberRequest, batch: int, file: int) -> HttpResponse:
    """A file that went with it."""
    fits(batch)
    fits(file)
    return handed_out(request, batches.file_of(batch, file))


@require_POST
@for_agents
def stop(request: MemberRequest, batch: int) -> HttpResponse:
    """Who has not got it yet does not get it."""
    fits(batch)
    mail.stop_many(batch, request.member)
    return redirect("mail_batch", request.member.account.slug, batch)
