"""What the pages share: who may open them, whose clock they show, and how a refusal is shown."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from salotto.accounts.http import OperatorRequest, Page, for_operators
from salotto.core.errors import Conflict, Invalid, Refused
from salotto.operator.queries.catalogue import time_zone

View = Callable[Concatenate[OperatorRequest, ...], HttpResponse]
BIGGEST = 2**63 - 1


def operator_page(view: View) -> Page:
    """A view for operators alone; its times are those of the catalogue's time zone."""

    @wraps(view)
    def page(request: OperatorRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(time_zone()):
            return view(request, *args, **kwargs)

    return for_operators(page)


def show(
    request: OperatorRequest, name: str, section: str, status: int = 200, **context: Any
) -> HttpResponse:
    """A page of the operator's, with the place in the menu that it belongs to."""
    return render(request, f"operator/{name}.html", {"section": section, **context}, status=status)


def acted(
    request: OperatorRequest,
    act: Callable[[], str],
    back: Callable[[], HttpResponse],
    again: Callable[..., HttpResponse],
    form: str,
) -> HttpResponse:
    """Do it, say so and go `back`; a refusal that can be mended shows the page `again`.

    `act` gives the sentence that says what was done; `form` names the form on the page, which
    then shows the refusal and what was typed.
    """
    try:
        sentence = act()
    except (Invalid, Conflict) as refused:
        return again(request, status=refused.status, refused=Refusal(form, refused, request.POST))
    messages.success(request, sentence)
    return back()


class Refusal:
    """A refusal beside the form that it is about: `form`, `message`, `code`, and `given` again."""

    def __init__(self, form: str, refused: Refused, given: QueryDict) -> None:
        self.form, self.code, self.message = form, refused.code, refused.message
        self.given = given.dict()

    @property
    def unsure(self) -> bool:
        """Whether it can be done all the same, if it is confirmed."""
        return self.code == "day_has_passed"


def sure(request: OperatorRequest) -> bool:
    """Whether a day that has passed was confirmed."""
    return request.POST.get("sure") == "yes"


def text(request: OperatorRequest, name: str) -> str:
    """A field of the form; an absent one is empty."""
    return request.POST.get(name, "")


def asked(request: OperatorRequest, name: str, longest: int = 100) -> str:
    """A part of the address's query, cut to a length that a list can take."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:longest]
