"""Files on their way into a message: each is uploaded as soon as it is chosen."""

import re

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from salotto.accounts.http import MemberRequest, for_agents
from salotto.core.errors import BadRequest, TooLarge
from salotto.desk.mail.files import chip
from salotto.desk.mail.reading import fits
from salotto.inbox import actions
from salotto.inbox.actions.files import FILE_LIMIT
from salotto.inbox.queries import Attached

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,59}/[a-z0-9][a-z0-9!#$&^_.+-]{0,59}", re.ASCII)


@require_POST
@for_agents
def upload(request: MemberRequest) -> HttpResponse:
    """Keep the file in the field `file` until its message is sent; 201 with its id."""
    given = request.FILES.get("file")
    if given is None:
        raise BadRequest
    if (given.size or 0) > FILE_LIMIT:
        raise TooLarge
    kind = (given.content_type or "").lower()
    made = actions.upload(
        actions.File(
            name=(given.name or "file")[-200:],
            type=kind if _TYPE.fullmatch(kind) else "application/octet-stream",
            content=given.read(),
        ),
        by=request.member,
    )
    shown = chip(Attached(made.pk, made.name, made.type, made.size, False))
    return JsonResponse({"id": made.pk, "name": made.name, "size": shown.size}, status=201)


@require_POST
@for_agents
def drop(request: MemberRequest, attachment: int) -> HttpResponse:
    """Forget a file that was not sent."""
    fits(attachment)
    actions.drop_upload(attachment, by=request.member)
    return HttpResponse(status=204)
