"""Reading mail: its HTML in a frame, its whole text, the original, and files."""

from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from salotto.accounts.http import MemberRequest, for_readers
from salotto.channels.email.queries import threads
from salotto.channels.email.queries.originals import original_of, size_in_mailbox
from salotto.channels.email.safe.frame import frame_document, frame_headers
from salotto.core.errors import Missing
from salotto.desk.links import linked
from salotto.desk.mail.files import PICTURES, is_picture
from salotto.inbox import queries

SHOWN = 300_000
"""Characters of an original that a page shows; the download has all of it."""
FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def fits(number: int) -> None:
    """Raises Missing for a number that no row can have."""
    if not 0 < number <= queries.BIGGEST_ID:
        raise Missing()


@xframe_options_sameorigin
@require_safe
@for_readers
def frame(request: MemberRequest, message: int) -> HttpResponse:
    """The document of a mail's frame: `images=1` with those of the web, `whole=1` with what was
    folded. Its meta element `remote-images` says how many of the web are left out."""
    # loaded when needed: a server that shows no mail stays small
    from salotto.channels.email.mime.folding import passes_on
    from salotto.channels.email.mime.htmlfold import fold_html
    from salotto.channels.email.safe.html import made_safe, with_note
    from salotto.channels.email.safe.leading import lines_above, with_hosts

    fits(message)
    content = threads.content_of(message)
    remote = request.GET.get("images") == "1"
    html = content.html
    if request.GET.get("whole") != "1":
        html = fold_html(html, passes_on=passes_on(content.subject))[0]
    safe = made_safe(html, remote=remote, inline=_in_place(request, message))
    above = lines_above(safe.html)
    return _framed(request, with_hosts(with_note(safe)), above, safe.remote, remote)


def _framed(request: MemberRequest, fragment: str, above: str, left_out: int, remote: bool) -> HttpResponse:
    theme = request.member.user.theme
    document = frame_document(fragment, language=get_language() or "en", theme=theme, above=above)
    count = f'<meta name="remote-images" content="{left_out}"><title>'
    response = HttpResponse(document.replace("<title>", count, 1))
    for name, value in frame_headers(remote).items():
        response[name] = value
    return response


def _in_place(request: MemberRequest, message: int) -> dict[str, str]:
    """The addresses of the files that the HTML names."""
    slug = request.member.account.slug
    named = threads.inline_files(message, PICTURES)
    return {name: reverse("file", args=[slug, number]) for name, number in named.items()}


@require_safe
@for_readers
def text(request: MemberRequest, message: int) -> HttpResponse:
    """The whole text of a mail, with what was folded, as a fragment."""
    fits(message)
    return HttpResponse(_with_quotes(threads.content_of(message).text.strip()))


def _with_quotes(text: str) -> SafeString:
    """A text as HTML, in which what was quoted stands back."""
    parts = []
    for quoted, lines in groupby(text.split("\n"), lambda line: line.startswith(">")):
        shown = linked("\n".join(lines))
        parts.append(format_html('<span class="quoted">{}</span>', shown) if quoted else shown)
    return SafeString("\n".join(parts))


@require_safe
@for_readers
def original(request: MemberRequest, message: int) -> HttpResponse:
    """A mail as it came: headers and source as text."""
    fits(message)
    content = threads.content_of(message)
    raw = original_of(message, by=request.member)
    head, body = _halves(raw)
    context: dict[str, Any] = {"content": content, "message": message, "head": head, "body": body[:SHOWN]}
    context |= {"cut": len(body) > SHOWN, "size": len(raw), "section": "inbox"}
    context["whole"] = size_in_mailbox(message)
    return render(request, "desk/mail/original.html", context)


def _halves(raw: bytes) -> tuple[str, str]:
    """Headers and body, as text; bytes that are none are shown as such."""
    whole = raw.decode("utf-8", "backslashreplace").replace("\r\n", "\n").replace("\r", "\n")
    head, _, body = whole.partition("\n\n")
    return head[:SHOWN], body


@require_safe
@for_readers
def download(request: MemberRequest, message: int) -> HttpResponse:
    """A mail as it came, as a file."""
    fits(message)
    raw = original_of(message, by=request.member)
    return _handed_out(raw, "application/octet-stream", f"mail-{message}.eml", attachment=True)


@require_safe
@for_readers
def file(request: MemberRequest, attachment: int) -> HttpResponse:
    """A file of a message: pictures as such, everything else to be saved; so too with `save=1`."""
    fits(attachment)
    return handed_out(request, queries.file(attachment, by=request.member))


def handed_out(request: MemberRequest, found: queries.Served) -> HttpResponse:
    """A file: a picture as such, everything else to be saved."""
    etag = f'"{found.sha256}"'
    kept = get_conditional_response(request, etag=etag)
    if kept is not None:
        return kept
    picture = is_picture(found.type)
    kind = found.type.lower() if picture else "application/octet-stream"
    attachment_wanted = not picture or request.GET.get("save") == "1"
    response = _handed_out(queries.content(found), kind, found.name, attachment=attachment_wanted)
    response["ETag"] = etag
    return response


def _handed_out(content: bytes, kind: str, name: str, *, attachment: bool) -> HttpResponse:
    """Bytes of a stranger: nothing in them can act in our name."""
    response = HttpResponse(content, content_type=kind)
    plain = "".join(c for c in name if c.isprintable() and c not in '/\\"') or "file"
    response["Content-Disposition"] = content_disposition_header(attachment, plain) or "attachment"
    response["Content-Security-Policy"] = FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    return response
