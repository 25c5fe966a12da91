"""Mails about trials, failed renewals and unpaid invoices, in the account's language.

They go to the primary admin, those about an invoice also to the address for invoices. Each is
a job of its own, born in the transaction of the step that it tells of, so it is sent once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salotto.accounts.mails import address, build
from salotto.accounts.models import Account
from salotto.billing import wording
from salotto.billing.due import RETRIES
from salotto.billing.errors import why_declined
from salotto.billing.history import details, invoice
from salotto.billing.models import Invoice, State, Subscription
from salotto.billing.money import Money
from salotto.billing.queries import payment as find_payment
from salotto.core.tenancy import account_scope

LETTER = "billing/email/letter"


@dataclass(frozen=True, slots=True)
class Words:
    """A mail in the language that is active: its subject, its text, and the button's words."""

    title: str
    text: str
    act: str


def send_trial_reminder(account_id: int, days: int) -> None:
    """Queue the reminder `days` before the end of a trial (rule 20)."""
    account, sub = _both(account_id)

    def words() -> Words:
        title = ngettext("Your trial ends tomorrow", "Your trial ends in %(n)d days", days) % {"n": days}
        text = _(
            "The trial of %(account)s ends on %(day)s. Buy seats before then and your agents go on without"
            " a break. Otherwise they can only read from then on; nothing is deleted."
        ) % {"account": account.name, "day": _day(account, sub, sub.trial_ends_at)}
        return Words(title, text, _("Buy seats"))

    if sub.state == State.TRIAL:
        _send(account, words, address("seats", account.slug))


def send_trial_over(account_id: int) -> None:
    """Queue the mail that a trial is over, and what is so now (rule 20)."""
    account, _sub = _both(account_id)

    def words() -> Words:
        text = _(
            "The trial of %(account)s is over. Your agents can read everything and answer nobody; visitors"
            " are asked to leave a message. Nothing was deleted. Buy seats and everything goes on."
        ) % {"account": account.name}
        return Words(_("Your trial is over"), text, _("Buy seats"))

    _send(account, words, address("seats", account.slug))


def send_failure(account_id: int, payment_id: UUID) -> None:
    """Queue the mail that a renewal could not be collected: why, and what comes next (rule 21)."""
    account, sub = _both(account_id)
    payment = find_payment(account_id, payment_id)
    row = invoice(account_id, payment.invoice_id or 0)

    def words() -> Words:
        paragraphs = [
            _("We could not collect %(due)s for invoice %(invoice)s of %(account)s.") % _of(account, row),
            str(why_declined(payment.error_code)),
            _next(account, sub),
        ]
        return Words(_title(sub, row), "\n\n".join(paragraphs), _("Open Billing"))

    _send(account, words, address("billing", account.slug), also_invoices=True)


def send_overdue(account_id: int, invoice_id: int, reminder: int) -> None:
    """Queue the reminder of an invoice that should have been paid by now (rule 21)."""
    account, sub = _both(account_id)
    row = invoice(account_id, invoice_id)

    def words() -> Words:
        paragraphs = [
            _("Invoice %(invoice)s of %(account)s over %(due)s was payable by %(day)s and is not paid yet.")
            % {**_of(account, row), "day": _day(account, sub, row.payable_until)},
            _next(account, sub),
        ]
        return Words(_title(sub, row), "\n\n".join(paragraphs), _("Show the invoice"))

    _send(account, words, address("invoice", account.slug, invoice_id), also_invoices=True)


def send_restored(account_id: int) -> None:
    """Queue the mail that the account is paid, and its agents answer again."""
    account, _sub = _both(account_id)

    def words() -> Words:
        text = _("Thank you. The agents of %(account)s can answer again.") % {"account": account.name}
        return Words(_("Your plan is paid again"), text, _("Open Billing"))

    _send(account, words, address("billing", account.slug))


def _both(account_id: int) -> tuple[Account, Subscription]:
    account = Account.objects.select_related("primary_admin").get(pk=account_id)
    with account_scope(account_id):
        return account, Subscription.objects.get(account_id=account_id)


def _of(account: Account, row: Invoice) -> dict[str, str]:
    due = Money(row.due, row.currency).shown(account.language)
    return {"account": account.name, "invoice": row.name, "due": due}


def _day(account: Account, sub: Subscription, instant: datetime | None) -> str:
    return wording.long_date(instant, sub.time_zone, account.language) if instant else ""


def _title(sub: Subscription, row: Invoice) -> str:
    if sub.state == State.UNPAID:
        return _("Read-only until invoice %(invoice)s is paid") % {"invoice": row.name}
    return _("Invoice %(invoice)s is not paid") % {"invoice": row.name}


def _next(account: Account, sub: Subscription) -> str:
    """What comes next, as the account stands when the mail is written."""
    if sub.state == State.UNPAID:
        return _(
            "Your agents can only read until it is paid. Nothing was deleted. Pay it, and everything goes on."
        )
    if sub.failed_at is None or sub.retries >= len(RETRIES):
        return ""
    days = {
        "next": _day(account, sub, sub.failed_at + timedelta(days=RETRIES[sub.retries])),
        "last": _day(account, sub, sub.failed_at + timedelta(days=RETRIES[-1])),
    }
    return (
        _(
            "The next step is on %(next)s. Your agents go on working; from %(last)s they could only read."
            " More seats can be bought when it is paid."
        )
        % days
    )


def _send(account: Account, words: Callable[[], Words], link: str, *, also_invoices: bool = False) -> None:
    to = [account.primary_admin.email]
    known = details(account) if also_invoices else None
    if known and known.email and known.email not in to:
        to.append(known.email)
    with translation.override(account.language):
        said = words()
    context = {"title": said.title, "text": said.text, "act": said.act, "link": link}
    for each in to:
        build(LETTER, each, context, account.language).send()
