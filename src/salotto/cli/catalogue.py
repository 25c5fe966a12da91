"""`salotto catalogue …`: what is sold, by whom, until when."""

import argparse
from typing import Any

from salotto.cli.console import Data, Group, money


def register(command: argparse.ArgumentParser, data: Data) -> None:
    """Add the sub-commands to `salotto catalogue`."""
    group = Group.of(command, data)
    group.command("show", "everything in the catalogue, and what applies today", show)
    _price(group.act("price", "add a version of the price of a seat and month", price))
    _dates(group.act("dates", "set the dates on which the sale ends", dates))
    _terms(group.act("terms", "set trial, payment days, time zone and support", terms))
    _seller(group.act("seller", "say who sells, as invoices show it", seller))
    _tax(group.act("tax", "set or remove a country's rate of tax", tax))


def _past(command: argparse.ArgumentParser) -> None:
    command.add_argument("--past", action="store_true", help="a day that has passed is meant")


def _price(command: argparse.ArgumentParser) -> None:
    command.add_argument("currency", help="like EUR")
    command.add_argument("amount", help="like 19.00")
    command.add_argument("--new-from", default="", metavar="DAY", help="for first purchases (default: now)")
    command.add_argument(
        "--existing-from", default="", metavar="DAY", help="for renewals (default: they keep their price)"
    )
    _past(command)


def _dates(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--sale-ends", metavar="DAY", help="no trials or first purchases from then; none: `never`"
    )
    command.add_argument(
        "--extra-ends", metavar="DAY", help="extra seats by mail only from then; none: `never`"
    )
    _past(command)


def _terms(command: argparse.ArgumentParser) -> None:
    command.add_argument("--trial-days", metavar="N")
    command.add_argument("--payment-days", metavar="N")
    command.add_argument("--time-zone", metavar="ZONE", help="like Europe/Rome: where days begin")
    command.add_argument("--support-email", metavar="EMAIL")
    command.add_argument(
        "--support-account", metavar="SLUG", help="its inbox takes requests; none: an empty text"
    )


def _seller(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name")
    command.add_argument("--address", help="lines separated by a line break")
    command.add_argument("--country", help="two letters; without one no tax is charged")
    command.add_argument("--vat-number", metavar="NUMBER", help="checked offline")


def _tax(command: argparse.ArgumentParser) -> None:
    command.add_argument("country", help="two letters, like IT")
    command.add_argument("percent", nargs="?", help="like 22 or 7.7")
    command.add_argument("--name", default="VAT", help="on invoices (default: VAT)")
    command.add_argument("--from", dest="valid_from", default="", metavar="DAY", help="(default: today)")
    command.add_argument("--remove", action="store_true", help="take out the rate of that day")
    _past(command)


def show(given: argparse.Namespace, actor: Any) -> dict[str, Any]:
    """`show`."""
    from salotto.operator.queries.catalogue import catalogue

    view = catalogue()
    terms = view.terms
    return {
        "time_zone": terms.time_zone,
        "trial_days": terms.trial_days,
        "payment_days": terms.payment_days,
        "sale_ends_on": terms.sale_ends_on,
        "sale_ends_at": view.sale_ends_at,
        "extra_sale_ends_on": terms.extra_sale_ends_on,
        "extra_sale_ends_at": view.extra_sale_ends_at,
        "support_email": terms.support_email,
        "support_account": view.support_account,
        "seller": {
            "name": terms.seller_name,
            "address": terms.seller_address,
            "country": terms.seller_country,
            "vat_number": terms.seller_vat_number,
        },
        "prices": [_price_row(row) for row in view.prices],
        "tax": [
            {
                "country": r.country,
                "name": r.name,
                "percent": r.basis_points / 100,
                "from": r.valid_from,
                "is": r.when,
            }
            for r in view.rates
        ],
    }


def _price_row(row: Any) -> dict[str, Any]:
    return {
        "price": money(row.amount.amount, row.currency),
        "new_from": row.new_from.isoformat(),
        "new_is": row.new,
        "existing_from": row.existing_from.isoformat() if row.existing_from else None,
        "existing_is": row.existing,
    }


def price(given: argparse.Namespace, actor: Any) -> str:
    """`price`."""
    from salotto.billing.actions.catalogue import add_price

    made = add_price(
        given.currency,
        given.amount,
        by=actor,
        new_from=given.new_from,
        existing_from=given.existing_from,
        sure=given.past,
    )
    start = f"{money(made.unit_amount, made.currency)} for first purchases from {made.new_from.isoformat()}"
    return f"{start}, for renewals {made.existing_from.isoformat()}." if made.existing_from else f"{start}."


def dates(given: argparse.Namespace, actor: Any) -> dict[str, Any]:
    """`dates`: what is not named stays."""
    from salotto.billing.actions.catalogue import set_dates
    from salotto.operator.queries.catalogue import catalogue

    here = catalogue().terms
    terms = set_dates(
        by=actor,
        sale_ends_on=_day(given.sale_ends, here.sale_ends_on),
        extra_sale_ends_on=_day(given.extra_ends, here.extra_sale_ends_on),
        sure=given.past,
    )
    return {
        "sale_ends_on": terms.sale_ends_on,
        "sale_ends_at": terms.sale_ends_at(),
        "extra_sale_ends_on": terms.extra_sale_ends_on,
        "extra_sale_ends_at": terms.extra_sale_ends_at(),
        "time_zone": terms.time_zone,
    }


def _day(given: str | None, before: object) -> str:
    if given is None:
        return str(before or "")
    return "" if given == "never" else given


def terms(given: argparse.Namespace, actor: Any) -> str:
    """`terms`: what is not named stays."""
    from salotto.billing.actions.catalogue import set_terms
    from salotto.operator.queries.catalogue import catalogue

    view = catalogue()
    names = ("trial_days", "payment_days", "time_zone", "support_email")
    kept = {**{name: getattr(view.terms, name) for name in names}, "support_account": view.support_account}
    set_terms(by=actor, **{name: _or(getattr(given, name), value) for name, value in kept.items()})
    return "The terms are saved."


def seller(given: argparse.Namespace, actor: Any) -> str:
    """`seller`: what is not named stays."""
    from salotto.billing.actions.catalogue import set_seller
    from salotto.operator.queries.catalogue import catalogue

    here = catalogue().terms
    names = ("name", "address", "country", "vat_number")
    set_seller(by=actor, **{n: _or(getattr(given, n), getattr(here, f"seller_{n}")) for n in names})
    return "The seller is saved. The next invoices show it."


def _or(given: Any, kept: Any) -> Any:
    return kept if given is None else given


def tax(given: argparse.Namespace, actor: Any) -> str:
    """`tax`."""
    from salotto.billing.actions.catalogue import remove_tax_rate, set_tax_rate

    if given.remove:
        remove_tax_rate(given.country, given.valid_from, by=actor)
        return "The rate is out of the catalogue."
    rate = set_tax_rate(
        given.country, given.name, given.percent or "", given.valid_from, by=actor, sure=given.past
    )
    return f"{rate.country}: {rate.name} {rate.basis_points / 100:g} % from {rate.valid_from}."
