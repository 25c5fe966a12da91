"""The API object, and how an operation is written down: right, schemas, refusals at once."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.params.functions import Query
from pydantic import BaseModel

from salotto.accounts.members import Member
from salotto.api.auth import Bearer
from salotto.api.errors import answer
from salotto.api.keys import View, once
from salotto.api.parsing import StrictParser
from salotto.api.schemas import Error

DESCRIPTION = """\
Everything that the pages *Manage seats* and *Billing* do, for programs: the same actions, rules and
refusals. Send `Authorization: Bearer slt_…`; a token is made on *Settings › Keys for programs* and acts
as its member, with the rights of that very moment. Refusals are `{"error": {"code", "message", "field"?}}`.
Send an `Idempotency-Key` with whatever writes, and the same again when no answer came."""

AFTER: Any = Query("", max_length=700, description="The `next` of the page before; empty for the first.")
LIMIT: Any = Query(25, ge=1, le=100, description="Rows of a page, at most.")

ALWAYS = (401, 403, 429, 500, 503)
WRITES = (400, 409, 413, 422)

api = NinjaAPI(
    title="Salotto",
    version="1",
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    parser=StrictParser(),
)
for _kind in (Exception, Http404, HttpError, ValidationError):  # the last three have handlers of ninja's
    api.add_exception_handler(_kind, answer)  # type: ignore[arg-type]


def said(schema: BaseModel, status: int = 200) -> HttpResponse:
    """An answer, of a schema that has checked it."""
    return HttpResponse(schema.model_dump_json(), status=status, content_type="application/json")


def operation(
    method: str,
    path: str,
    *,
    may: Callable[[Member], None],
    gives: dict[int, Any],
    refuses: tuple[int, ...] = (),
    tag: str,
    whole: bool = True,
) -> Callable[[View], View]:
    """Register a view: who may, what it gives per status, what else it refuses with.

    The view gets `request.auth` (the Member) in its account's scope; its name is the
    operation's id, its docstring the summary and the description. `whole`: what it does is
    one transaction, see `keys`.
    """
    codes = sorted({*ALWAYS, *refuses, *(WRITES if method != "GET" else ())})

    def register(view: View) -> View:
        summary, _, rest = (view.__doc__ or "").partition("\n\n")
        api.api_operation(
            [method],
            path,
            auth=Bearer(may),
            response={**gives, **dict.fromkeys(codes, Error)},
            operation_id=view.__name__,
            summary=" ".join(summary.split()).rstrip("."),
            description=" ".join((rest or summary).split()),
            tags=[tag],
        )(once(view, whole=whole))
        return view

    return register
