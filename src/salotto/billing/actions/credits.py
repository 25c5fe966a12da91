"""Credit notes and credits: taking back what was invoiced, giving what was not.

An issued invoice never changes; a credit note in its own series takes it back, whole or in
part. Money goes back to the card outside of any transaction (`refunds`): the credit note is the
intention, open until the gateway has confirmed.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from salotto.accounts.models import User
from salotto.billing.actions import dunning
from salotto.billing.actions.locking import save, subscription_of
from salotto.billing.gateways import gateway
from salotto.billing.invoices import Line, TaxLine, compose, instant
from salotto.billing.models import (
    Invoice,
    InvoiceKind,
    InvoiceState,
    Payment,
    PaymentState,
    Posting,
    Subscription,
    Transaction,
)
from salotto.billing.money import divide, is_currency
from salotto.billing.operators import must_operate
from salotto.billing.quotes import LARGEST
from salotto.billing.standing import Standing, account_now, standing
from salotto.billing.tasks import give_back as give_back_later
from salotto.billing.tasks import send_invoice
from salotto.core import audit
from salotto.core.errors import Conflict, Invalid, Missing
from salotto.core.models import AuditEntry
from salotto.core.tenancy import all_accounts

CARD, BALANCE, VOID = "card", "balance", "void"
NOTE = "credit_note"


class BadCredit(Invalid):
    """422: not an amount, a currency or a reason that can be."""

    code = "bad_credit"
    sentence = _("Give an amount above zero, a currency and a reason. Nothing was changed.")


class TooMuch(Invalid):
    """422: more than is left of the invoice, or than the card was charged."""

    code = "more_than_left"
    sentence = _("This is more than can be given back of this invoice. Nothing was changed.")


class CannotCredit(Conflict):
    """409: this invoice cannot be taken back in this way."""

    code = "cannot_credit"
    sentence = _(
        "An open invoice is taken back whole, or credited to the balance; a paid one is given back to the"
        " card or to the balance. Nothing was changed."
    )


def grant_credit(
    account_id: int, amount: int, currency: str, reason: str, operator: User | None, *, key: str = ""
) -> None:
    """Owe the customer `amount` minor units more, to be used by the next charges.

    The same `key` grants once. Raises OperatorsOnly, Missing, BadCredit.
    """
    actor = must_operate(operator)
    reason = reason.strip()
    if not 0 < amount <= LARGEST or not is_currency(currency) or not reason:
        raise BadCredit()
    with subscription_of(account_id) as sub:
        subject = f"credit {key}"[:200]
        if key and AuditEntry.objects.filter(account_id=account_id, subject=subject).exists():
            return
        entry = Transaction(account_id=account_id, at=account_now(sub), kind="credit", memo=reason[:200])
        entry.save(force_insert=True)
        post(entry, currency, revenue=amount, balance=-amount)
        save(sub)  # a quote knows the balance
        audit.record(
            account_id, actor, "credit.granted", subject, amount=amount, currency=currency, reason=reason
        )


def post(entry: Transaction, currency: str, **sides: int) -> None:
    """Write the sides of an entry, by ledger, debit positive; they sum to zero."""
    Posting.objects.bulk_create(
        Posting(
            account_id=entry.account_id, transaction_id=entry.pk, ledger=name, amount=side, currency=currency
        )
        for name, side in sides.items()
    )


def credit_note(invoice_id: int, amount: int | None, to: str, reason: str, operator: User | None) -> Invoice:
    """Take an invoice back, whole (None: all that is left of it) or `amount` minor units with tax.

    `to`: "card" gives the money back at the gateway (what the card was not charged for, or what
    the gateway cannot give back exactly, goes to the balance), "balance" credits it, "void" takes
    an open invoice back whole, which ends its dunning. Gives the credit note; to the card it is
    open until the gateway has confirmed.
    Raises OperatorsOnly, Missing, BadCredit, TooMuch, CannotCredit.
    """
    actor = must_operate(operator)
    reason = reason.strip()
    if to not in (CARD, BALANCE, VOID) or not reason or (amount is not None and amount <= 0):
        raise BadCredit()
    account_id = account_of(invoice_id)
    with subscription_of(account_id) as sub:
        row = Invoice.objects.get(pk=invoice_id)
        note: Invoice = Invoice.objects.get(pk=_issue(_note(row, amount, to, reason, standing(account_id))))
        audit.record(
            account_id, actor, "invoice.credited", f"invoice {invoice_id}",
            note=note.pk, amount=-note.total, currency=note.currency, to=to, reason=reason,
        )  # fmt: skip
        _follow(sub, row, note, to)
    return note


def account_of(invoice_id: int) -> int:
    """Whose invoice this is; raises Missing."""
    with all_accounts():
        found = Invoice.objects.filter(pk=invoice_id).values_list("account_id", flat=True).first()
    if found is None:
        raise Missing()
    return int(found)


def _follow(sub: Subscription, row: Invoice, note: Invoice, to: str) -> None:
    if to == VOID:
        Invoice.objects.filter(pk=row.pk).update(state=InvoiceState.VOID)
        dunning.go_on(sub)
    save(sub)  # a quote knows the balance
    send_invoice.defer(account_id=sub.account_id, invoice_id=note.pk)
    if note.due:
        give_back_later.defer(account_id=sub.account_id, note_id=note.pk)


def _note(row: Invoice, amount: int | None, to: str, reason: str, st: Standing) -> dict[str, Any]:
    """The document of the note; raises TooMuch, CannotCredit."""
    notes = list(Invoice.objects.filter(corrects_id=row.pk))
    before = -sum(note.total for note in notes)
    gross = row.total - before if amount is None else amount
    if not 0 < gross <= row.total - before:
        raise TooMuch()
    _must_fit(row, amount, to, notes, st)
    to_card = _card_part(row, notes, gross, whole=amount is None) if to == CARD else 0
    mirrored = to == VOID
    return compose(
        account=st.account,
        details=st.details,
        catalogue=st.catalogue,
        currency=row.currency,
        lines=_lines(row, before, gross, reason),
        taxes=_taxes(row, before, gross),
        balance_used=-row.balance_used if mirrored else to_card - gross,
        carried=-row.carried if mirrored else 0,
        gateway=row.gateway,
        issued_at=st.now,
        kind=NOTE,
        corrects_id=row.pk,
        state="open" if to_card else "paid",
    )


def _must_fit(row: Invoice, amount: int | None, to: str, notes: Sequence[Invoice], st: Standing) -> None:
    wanted = InvoiceState.OPEN if to == VOID else InvoiceState.PAID
    if row.kind != InvoiceKind.INVOICE or row.state != wanted:
        raise CannotCredit()
    if to == VOID and (amount is not None or notes or st.open_payment is not None):
        raise CannotCredit()


def _card_part(row: Invoice, notes: Sequence[Invoice], gross: int, *, whole: bool) -> int:
    """What of it the card gets: it was charged `due`, and may have some back already.

    Whatever is finer than the gateway's step (rule 22) is left to the balance.
    """
    paid = payment_of(row)
    if paid is None:
        raise CannotCredit()
    left = row.due + sum(note.due for note in notes)
    if not whole and gross > left:
        raise TooMuch()
    return gateway(paid.gateway).exact(min(gross, left), row.currency)


def payment_of(row: Invoice) -> Payment | None:
    """The payment that collected an invoice at a gateway; in the account's scope."""
    paid = Payment.objects.filter(state=PaymentState.PAID, amount__gt=0).exclude(intent="")
    mine = paid.filter(pk=row.payment_id) if row.payment_id else paid.filter(invoice_id=row.pk)
    found: Payment | None = mine.first()
    return found if found is not None and gateway(found.gateway).takes_cards else None


def _share(part: int, gross: int, row: Invoice) -> int:
    return divide(gross * part, row.total)


def _lines(row: Invoice, before: int, gross: int, reason: str) -> list[Line]:
    """The invoice's own lines reversed, or one line over part of it."""
    if gross == row.total:
        return [_reversed(line) for line in row.lines]
    net = _share(row.subtotal, before + gross, row) - _share(row.subtotal, before, row)
    return [Line("correction", 1, 0, "month", None, None, None, -net, reason[:500])]


def _reversed(line: dict[str, Any]) -> Line:
    start, end, at = (instant(line[name]) for name in ("from", "to", "at"))
    return Line(
        line["what"], line["quantity"], line["unit"], line["cycle"], start, end, at,
        -line["amount"], line.get("text", ""),
    )  # fmt: skip


def _taxes(row: Invoice, before: int, gross: int) -> list[TaxLine]:
    """The tax of each rate in proportion; several notes together never miss a unit of the whole."""
    found = [_tax(row, tax, before, gross) for tax in row.taxes]
    net = _share(row.subtotal, before + gross, row) - _share(row.subtotal, before, row)
    rest = -(gross - net) - sum(tax.amount for tax in found)
    if rest and found:  # rounding of several rates
        found[-1] = replace(found[-1], amount=found[-1].amount + rest)
    return found


def _tax(row: Invoice, tax: dict[str, Any], before: int, gross: int) -> TaxLine:
    def part(of: int) -> int:
        return _share(of, before + gross, row) - _share(of, before, row)

    return TaxLine(tax["name"], tax["basis_points"], tax["note"], -part(tax["base"]), -part(tax["amount"]))


def _issue(doc: dict[str, Any]) -> int:
    with connection.cursor() as db:
        db.execute("SELECT invoice FROM billing_issue(%s::jsonb)", [json.dumps(doc, default=str)])
        return int(db.fetchone()[0])
