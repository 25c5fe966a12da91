"""What those who run the installation are told: in their language, in whole sentences."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from salotto.accounts.models import User
from salotto.billing import actions
from salotto.billing.actions import collecting
from salotto.billing.actions.credits import credit_note
from salotto.billing.models import Invoice
from salotto.billing.notices import send_person_needed, send_refund_refused
from salotto.billing.queries import payment as find_payment
from tests.billing.faulty import Crash, in_place_of_the_sandbox
from tests.billing.later import on_plan
from tests.billing.shop import add_card, catalogue, invoices, quote
from tests.cast import Cast, found_account, new_user
from tests.mailbox import mails_to, text_of

AMOUNTS = {"en": "CHF\xa057.00", "it": "57,00\xa0CHF"}
AFTER_IT = {"en": "refuses: Charge has been refunded. It is", "it": "rifiuta: Charge has been refunded. Si "}


@pytest.fixture(autouse=True)
def queued(settings: Any) -> None:
    """Mail waits where tests can read it."""
    settings.EMAIL_BACKEND = "salotto.core.mail.QueuedBackend"


@contextmanager
def the_only_operator(language: str) -> Iterator[User]:
    """Somebody who reads this language runs the installation, for as long as the block runs."""
    someone = new_user("Olga Neri", language=language)
    others = list(User.objects.filter(is_operator=True).values_list("pk", flat=True))
    User.objects.filter(pk__in=others).update(is_operator=False)
    User.objects.filter(pk=someone.pk).update(is_operator=True)
    try:
        yield someone
    finally:
        User.objects.filter(pk=someone.pk).update(is_operator=False)
        User.objects.filter(pk__in=others).update(is_operator=True)


def refund(cast: Cast) -> Invoice:
    """A credit note whose money is to go back to the card."""
    on_plan(cast.primary_admin, 3)
    return credit_note(invoices(cast.primary_admin)[0].pk, None, "card", "a mistake", None)


@pytest.mark.parametrize("language", ["en", "it"])
def test_an_operator_reads_of_a_refused_refund_in_the_own_language(cast: Cast, language: str) -> None:
    """The gateway's sentence ends in a full stop, and so does ours that it stands in."""
    note = refund(cast)
    with the_only_operator(language) as olga, catalogue(support_email=""):
        send_refund_refused(cast.account.pk, note.pk, "Charge has been refunded.")
    (sent,) = mails_to(olga.email)
    assert AMOUNTS[language] in text_of(sent)
    assert AFTER_IT[language] in " ".join(text_of(sent).split())


def test_support_reads_of_it_in_the_language_of_its_account(cast: Cast) -> None:
    note = refund(cast)
    support = found_account("Assistenza").account
    type(support).objects.filter(pk=support.pk).update(language="it")
    address = f"support-{support.pk}@example.com"
    with catalogue(support_email=address, support_account=support):
        send_refund_refused(cast.account.pk, note.pk, "Charge has been refunded.")
    with catalogue(support_email=address, support_account=None):
        send_refund_refused(cast.account.pk, note.pk, "Charge has been refunded.")
    assert [
        next(language for language, amount in AMOUNTS.items() if amount in text_of(sent))
        for sent in mails_to(address)
    ] == ["it", "en"]


def test_a_payment_that_needs_a_person_is_told_of_with_one_full_stop(cast: Cast) -> None:
    by = cast.primary_admin
    with in_place_of_the_sandbox() as faulty:
        add_card(by)
        faulty.faults["confirm"] = "crash after"
        made = quote(by, 4)
        with pytest.raises(Crash):
            actions.buy(made.token, 4, by=by)
        left = find_payment(by.account.pk, made.id)
        collecting.call_person(left, "No such payment_intent: 'pi_1'.")
    with the_only_operator("en") as olga, catalogue(support_email=""):
        send_person_needed(by.account.pk, made.id)
    (sent,) = mails_to(olga.email)
    assert "needs a person: No such payment_intent: 'pi_1'. Nothing is" in " ".join(text_of(sent).split())
