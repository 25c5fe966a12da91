"""Stripe's scripts: on the pages that need them, for accounts that pay by Stripe, nowhere else."""

import re

import pytest
from django.urls import URLResolver, get_resolver

from salotto.billing.actions import methods
from tests.billing import shop
from tests.billing.fake_stripe import fake_stripe
from tests.cast import Cast, client_of
from tests.house.tree import PACKAGE, templates

WITH = ("settings/billing/", "settings/seats/", "settings/seats/buy/")
WITHOUT = ("", "inbox/", "settings/people/", "settings/profile/", "settings/billing/details/")
SCRIPT = "billing/js/stripe-card.js"


def policy(cast: Cast, path: str, by: str = "primary_admin") -> tuple[str, str]:
    """The policy and the body of a page of the account."""
    answer = cast.client(getattr(cast, by)).get(f"/a/{cast.slug}/{path}", follow=True)
    assert answer.status_code == 200
    return answer.headers["Content-Security-Policy"], answer.content.decode()


@pytest.mark.parametrize("path", WITH)
def test_pages_that_take_a_card_let_stripe_in(cast: Cast, path: str) -> None:
    shop.price()
    shop.use_gateway(cast.primary_admin, "stripe")
    allowed, body = policy(cast, path)
    directives = dict(part.strip().split(" ", 1) for part in allowed.split(";"))
    assert directives["script-src"] == "'self' https://js.stripe.com https://*.js.stripe.com"
    assert directives["connect-src"] == "'self' https://api.stripe.com"
    assert "https://hooks.stripe.com" in directives["frame-src"]
    assert directives["default-src"] == "'none'" and directives["frame-ancestors"] == "'none'"
    assert SCRIPT in body


@pytest.mark.parametrize("path", [*WITH, *WITHOUT])
@pytest.mark.parametrize("gateway", ["sandbox", "invoice"])
def test_no_page_of_another_account_mentions_stripe(cast: Cast, path: str, gateway: str) -> None:
    shop.price()
    shop.use_gateway(cast.primary_admin, gateway)
    allowed, body = policy(cast, path)
    assert "stripe" not in allowed
    assert SCRIPT not in body


@pytest.mark.parametrize("path", WITHOUT)
def test_no_other_page_mentions_stripe(cast: Cast, path: str) -> None:
    shop.use_gateway(cast.primary_admin, "stripe")
    allowed, body = policy(cast, path)
    assert "stripe" not in allowed
    assert SCRIPT not in body


def test_who_cannot_pay_gets_no_script_of_stripes(cast: Cast) -> None:
    shop.use_gateway(cast.primary_admin, "stripe")
    allowed, body = policy(cast, "settings/billing/", by="admin")
    assert "stripe" not in allowed
    assert SCRIPT not in body


def test_pages_without_an_account_do_not_mention_stripe() -> None:
    for path in ("/login/", "/signup/", "/password/reset/"):
        assert "stripe" not in client_of().get(path).headers["Content-Security-Policy"]


def test_stripes_address_stands_in_its_own_module_only() -> None:
    sources = (p for p in PACKAGE.rglob("*") if p.suffix in {".js", ".html", ".py", ".css"})
    named = {p.relative_to(PACKAGE).as_posix() for p in sources if "js.stripe.com" in p.read_text()}
    assert named == {"billing/static/billing/js/stripe-card.js", "billing/gateways/stripe_csp.py"}


def test_beginning_a_card_gives_what_the_element_needs(cast: Cast) -> None:
    shop.use_gateway(cast.primary_admin, "stripe")
    with fake_stripe() as fake:
        answer = cast.client(cast.primary_admin).post(f"/a/{cast.slug}/billing/cards/begin/")
        assert set(answer.json()) == {"gateway", "reference", "client_secret", "publishable_key"}
        assert fake.secret_key not in answer.content.decode()
        assert "private" in answer.headers["Cache-Control"]
        for name, member in cast.members().items():
            if name != "primary_admin":
                refused = cast.client(member).post(f"/a/{cast.slug}/billing/cards/begin/")
                assert refused.status_code == (404 if name == "outsider" else 403)


FIELD = r"<(?:input|textarea)\b[^>]*(?:card.?number|cc-number|cc-csc|cc-exp|cvc|cvv)"
NUMBER = re.compile(FIELD, re.IGNORECASE)


def test_no_form_takes_a_card_number() -> None:
    assert NUMBER.search('<input name="card-number">') and NUMBER.search('<input autocomplete="cc-number">')
    assert [str(p) for p in templates() if NUMBER.search(p.read_text())] == []


def addresses(resolver: URLResolver) -> list[str]:
    found = []
    for entry in resolver.url_patterns:
        found += addresses(entry) if isinstance(entry, URLResolver) else [str(entry.pattern)]
    return found


def test_no_address_takes_a_card_number() -> None:
    assert [
        a for a in addresses(get_resolver()) if re.search(r"number|pan|cvc", a.replace("company", ""))
    ] == []


@pytest.mark.parametrize("field", ["number", "card_number", "cardnumber", "cvc", "token"])
def test_a_number_that_is_sent_all_the_same_reaches_nothing(cast: Cast, field: str) -> None:
    shop.use_gateway(cast.primary_admin, "sandbox")
    page = f"/a/{cast.slug}/settings/billing/cards/"
    cast.client(cast.primary_admin).post(page, {field: "4111111111111111", "reference": "4111111111111111"})
    with pytest.raises(methods.CardRefused):
        methods.add_card("4111111111111111", cast.primary_admin)
