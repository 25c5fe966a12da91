"""Mails about seats: to support, and to the primary admin, each in the reader's language."""

from collections.abc import Callable

from django.conf import settings
from django.urls import NoReverseMatch
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from salotto.accounts.mails import address, build
from salotto.accounts.members import Member
from salotto.accounts.models import Account, User
from salotto.billing import wording
from salotto.billing.models import Catalogue, Subscription
from salotto.seats.models import SeatRequest
from salotto.seats.queries import Plan

LETTER = "seats/email/letter"
Text = Callable[[], tuple[str, str]]
"""Title and text, put into words in the language that is active then."""


def support_address(catalogue: Catalogue) -> str:
    """Where Email support goes: the catalogue's address, else the sender of all our mail."""
    return catalogue.support_email or settings.DEFAULT_FROM_EMAIL


def support_language(catalogue: Catalogue) -> str:
    """The language of support: its account's, or English."""
    return catalogue.support_account.language if catalogue.support_account else "en"


def _send(
    to: str, language: str, words: Text, *, link: str = "", act: str = "", foot: str = "", reply_to: str = ""
) -> None:
    with translation.override(language):
        title, text = words()
    context = {"title": title, "text": text, "link": link, "act": act, "foot": foot}
    mail = build(LETTER, to, context, language)
    if reply_to:
        mail.reply_to = [reply_to]
    mail.send()


def operator_page(request: SeatRequest) -> str:
    """The address of the request among the operator's pages."""
    try:
        return address("operator_request", request.pk)
    except NoReverseMatch:
        return f"{settings.PUBLIC_URL}/operator/requests/{request.pk}/"


def seats_page(account: Account) -> str:
    """The address of Manage seats of an account."""
    return address("seats", account.slug)


def request_page(request: SeatRequest) -> str:
    """The address of the request among the account's pages."""
    return address("seats_request", request.account.slug, request.pk)


def prepared(request: SeatRequest, plan: Plan, sub: Subscription, by: User, language: str) -> tuple[str, str]:
    """Title and text of the message to support, with everything needed to decide."""
    account, adds = request.account, request.kind == SeatRequest.Kind.ADD
    renewal = wording.long_date(sub.period_end, sub.time_zone, language) if sub.period_end else "–"
    left = sub.quantity_next + (request.quantity if adds else -request.quantity)
    with translation.override(language):
        lines = [
            _("Account: %(name)s (%(slug)s)") % {"name": account.name, "slug": account.slug},
            _("Asked by: %(name)s, %(email)s") % {"name": by.name, "email": by.email},
            _("Seats: %(seats)d, in use %(used)d, free %(free)d")
            % {"seats": plan.seats, "used": plan.in_use, "free": plan.free},
            _("Next renewal: %(date)s, with %(n)d seats now") % {"date": renewal, "n": sub.quantity_next},
            _("With this request: %(n)d seats") % {"n": left},
            *(["", _("Note:"), request.note] if request.note else []),
        ]
        return _asks(request, adds), "\n".join(lines)


def _asks(request: SeatRequest, adds: bool) -> str:
    n = request.quantity
    if adds:
        form = ngettext("%(account)s asks for %(n)d more seat", "%(account)s asks for %(n)d more seats", n)
    else:
        form = ngettext("%(account)s asks to remove %(n)d seat", "%(account)s asks to remove %(n)d seats", n)
    return form % {"account": request.account.name, "n": n}


def send_to_support(request: SeatRequest, words: tuple[str, str], catalogue: Catalogue, by: User) -> None:
    """Queue the prepared message; an answer to the mail goes to who asked."""
    language = support_language(catalogue)
    with translation.override(language):
        act = _("Open the request")
    link = operator_page(request)
    _send(support_address(catalogue), language, lambda: words, link=link, act=act, reply_to=by.email)


def tell_support(request: SeatRequest, words: Text, catalogue: Catalogue, *, reply_to: str = "") -> None:
    """Queue a mail to support about a request that it knows."""
    language = support_language(catalogue)
    with translation.override(language):
        act = _("Open the request")
    link = operator_page(request)
    _send(support_address(catalogue), language, words, link=link, act=act, reply_to=reply_to)


def tell_primary_admin(account: Account, words: Text, *, reply_to: str = "") -> None:
    """Queue a mail to the primary admin, with the way to Manage seats."""
    to = account.primary_admin
    with translation.override(to.language):
        act = _("Manage seats")
    _send(to.email, to.language, words, link=seats_page(account), act=act, reply_to=reply_to)


def tell_about(request: SeatRequest, words: Text) -> None:
    """Queue a mail to the primary admin about a request, with the way to read and answer it."""
    to = request.account.primary_admin
    with translation.override(to.language):
        act = _("Open the request")
    _send(to.email, to.language, words, link=request_page(request), act=act)


def send_asking(by: Member, plan: Plan) -> None:
    """Queue the mail in which an admin asks the primary admin for seats (rule 15)."""

    def words() -> tuple[str, str]:
        title = _("%(name)s asks you for more seats") % {"name": by.user.name}
        text = _(
            "%(name)s (%(email)s) needs seats for %(account)s. %(used)d of %(seats)d seats are in use."
            " Only you, the primary admin, can get more."
        ) % {
            "name": by.user.name, "email": by.user.email, "account": by.account.name,
            "used": plan.in_use, "seats": plan.seats,
        }  # fmt: skip
        return title, text

    tell_primary_admin(by.account, words, reply_to=by.user.email)
