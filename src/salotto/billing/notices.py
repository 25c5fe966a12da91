"""Mails to those who run the installation, in plain text, when a person has to look."""

from collections.abc import Callable, Sequence
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from salotto.accounts.models import User
from salotto.billing.history import invoice
from salotto.billing.models import Catalogue
from salotto.billing.money import Money
from salotto.billing.queries import payment as find_payment

MOST = 20
"""Operators that are written to."""
MOST_LINES = 100
"""Findings that a mail quotes."""
Words = Callable[[], tuple[str, str]]
"""Subject and text, in the language that is active then."""


def recipients() -> list[tuple[str, str]]:
    """Address and language: support's address, in its account's language, else the operators,
    else our own sender's."""
    catalogue = Catalogue.objects.select_related("support_account").get(pk=1)
    if catalogue.support_email:
        support = catalogue.support_account
        return [(catalogue.support_email, support.language if support else "en")]
    operators = User.objects.filter(is_operator=True, is_active=True).order_by("pk")
    found = list(operators.values_list("email", "language")[:MOST])
    return found or [(settings.DEFAULT_FROM_EMAIL, "en")]


def send_person_needed(account_id: int, payment_id: UUID) -> None:
    """Queue the mail about a payment that no program may decide. Raises Missing."""
    payment = find_payment(account_id, payment_id)

    def words() -> tuple[str, str]:
        text = _(
            "Payment %(payment)s of account %(account)s is open and needs a person: %(why)s."
            " Nothing is granted or given back until somebody decides."
        )
        return _("A payment needs you"), text % {
            "payment": payment.pk,
            "account": account_id,
            "why": _clause(payment.error),
        }

    _send(words)


def send_refund_refused(account_id: int, note_id: int, why: str) -> None:
    """Queue the mail about a refund that the gateway has refused. Raises Missing."""
    note = invoice(account_id, note_id)

    def words() -> tuple[str, str]:
        text = _(
            "Credit note %(note)s of account %(account)s owes %(amount)s to the card, and the gateway"
            " refuses: %(why)s. It is tried again every ten minutes. On the page of the credit note you"
            " can credit it to the balance instead, or say that it was given back otherwise."
        )
        return _("A refund needs you"), text % {
            "note": note.name,
            "account": account_id,
            "amount": Money(-note.due, note.currency).shown(get_language() or "en"),
            "why": _clause(why),
        }

    _send(words)


def send_findings(found: Sequence[str]) -> None:
    """Queue the mail about what the nightly check has found, the first hundred lines."""

    def words() -> tuple[str, str]:
        subject = ngettext(
            "The check of the money has found %(n)d thing",
            "The check of the money has found %(n)d things",
            len(found),
        ) % {"n": len(found)}
        intro = _("See `salotto billing verify`. Nothing was changed.")
        return subject, "\n".join([intro, "", *found[:MOST_LINES]])

    _send(words)


def _clause(text: str) -> str:
    """A gateway's own sentence, to be put inside one of ours: without its full stop."""
    return text.strip().rstrip(".")


def _send(words: Words) -> None:
    for address, language in recipients():
        with translation.override(language):
            subject, text = words()
        EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [address]).send()
