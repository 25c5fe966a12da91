"""The demo's shop: a page of a company that carries the widget by its one script tag."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from salotto.demo.cast import COMPANY, SITE_KEY


@dataclass(frozen=True)
class Product:
    """One thing to buy; `picture` is a file below `demo/shop/`, `price` in euros."""

    picture: str
    name: Any
    line: Any
    alt: Any
    price: Decimal

    @property
    def price_text(self) -> str:
        """The price as the active language writes it."""
        return str(format_currency(self.price, "EUR", locale=translation.get_language() or "en"))


PRODUCTS = (
    Product(
        "jacket",
        _("Linen jacket Alba"),
        _("Unlined, cut wide, in sage. Sizes 36 to 48."),
        _("A sage green linen jacket with three buttons"),
        Decimal("189.00"),
    ),
    Product(
        "bowls",
        _("Six bowls Colle"),
        _("Thrown by hand in Faenza, ash glaze, no two alike."),
        _("Three stacked ceramic bowls beside a single one"),
        Decimal("126.00"),
    ),
    Product(
        "tablecloth",
        _("Tablecloth Domenica"),
        _("Stonewashed linen with a mitred hem, 150 × 250 cm."),
        _("A white tablecloth falling in folds over a table"),
        Decimal("98.00"),
    ),
    Product(
        "towels",
        _("Two tea towels Riga"),
        _("Half linen, woven in stripes of blue and ochre."),
        _("Two striped tea towels hanging from a rail"),
        Decimal("24.00"),
    ),
)


def chosen_language(request: HttpRequest) -> str:
    """`?lang=`, if it is one that we speak, else what the browser asks for."""
    wanted = request.GET.get("lang", "")
    return wanted if wanted in dict(settings.LANGUAGES) else translation.get_language_from_request(request)


@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    """The shop front, in the visitor's language."""
    language = chosen_language(request)
    context = {"company": COMPANY, "site_key": SITE_KEY, "products": PRODUCTS, "language": language}
    with translation.override(language):
        page = render(request, "demo/shop.html", context)
    page["Content-Language"] = language
    return page
