"""What allauth does our way."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.forms import BaseForm, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from salotto.accounts import mails
from salotto.accounts.models import LANGUAGES, User
from salotto.core.errors import TooMany
from salotto.core.limits import address_key

UNCONFIRMED = "salotto_unconfirmed"
"""Session key: the address that waits for its confirmation."""

SAID = {
    "account/messages/password_changed.txt": _(
        "Your password is changed. Everywhere else you are signed out."
    ),
    "account/messages/email_confirmed.txt": _("Your address is confirmed."),
}
"""The only messages of allauth that our pages do not say themselves."""


FROM_EVERYWHERE = {"login_failed_everywhere": "50/10m/key"}
"""How many sign-ins of one address may fail, whoever tries."""


class Adapter(DefaultAccountAdapter):
    """Addresses in mails come from SALOTTO_URL, never from the Host header."""

    _from_everywhere: ratelimit.RateLimitUsage | None = None

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This sign-in is closed."),
        "email_password_mismatch": _("Address and password do not belong together. Try again."),
        "email_taken": _("This address has a sign-in already."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("This is not your password."),
        "invalid_password_reset": _("This link does not work any more. Ask for a new one."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """SALOTTO_SIGNUP=no closes the door to strangers; invitations still open it."""
        return bool(settings.SIGNUP)

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """The first person on a server needs no mail: it may not be set up yet."""
        first = not User.objects.exclude(email__iexact=email).exists()
        return first or bool(super().is_email_verified(request, email))

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Name and language come with the sign-up form."""
        user.name = form.cleaned_data["name"]
        user.language = known_language()
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *rest: Any,
        **options: Any,
    ) -> None:
        """Say what is worth saying; the rest stands on the page anyway."""
        if message_template in SAID:
            messages.add_message(request, level, SAID[message_template])

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Over a limit of failed attempts the answer is 429, not a form with an error.

        The strict limit counts an address and where the attempts come from, so that nobody
        can lock out somebody else; the loose one counts the address from everywhere.
        """
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise TooMany(300, _("Too many failed attempts. Wait five minutes and try again.")) from None
        self._from_everywhere = ratelimit.consume(request, **_from_everywhere(credentials))
        if not self._from_everywhere:
            super()._rollback_login_failed_rl_usage()
            raise TooMany(600, _("Too many failed attempts. Wait ten minutes and try again."))

    def _rollback_login_failed_rl_usage(self) -> None:
        """A right password costs nothing of either limit."""
        super()._rollback_login_failed_rl_usage()
        if self._from_everywhere:
            self._from_everywhere.rollback()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Who has reset the password by mail begins anew."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(request, **_from_everywhere(credentials))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Address and network of the client; another Host header must not open a new count."""
        return f"{_address(credentials)} {address_key(self.get_client_ip(request))}"

    def respond_email_verification_sent(self, request: HttpRequest, user: User | None) -> HttpResponse:
        """Remember who waits, so that the page can send the mail again."""
        if user is not None:
            request.session[UNCONFIRMED] = user.email
        return redirect("account_email_verification_sent")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Text and HTML, in the language of the person if known, else of the page."""
        user = context.get("user")
        signup = mails.address("account_signup") if settings.SIGNUP else ""
        context = {"signup": signup, **context}
        language = user.language if isinstance(user, User) else known_language()
        mails.build(template_prefix, email, context, language).send()

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        self.send_mail(
            "account/email/password_reset_key",
            email,
            {**context, "user": user, "link": context["password_reset_url"]},
        )

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        return mails.address("account_reset_password_from_key", uid, token)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        self.send_mail(
            "account/email/email_confirmation",
            emailconfirmation.email_address.email,
            {
                "user": emailconfirmation.email_address.user,
                "link": mails.address("account_confirm_email", emailconfirmation.key),
            },
        )

    def send_account_already_exists_mail(self, email: str) -> None:
        user = User.objects.filter(email__iexact=email).first()
        self.send_mail(
            "account/email/account_already_exists",
            email,
            {
                "user": user,
                "link": mails.address("account_login"),
                "reset": mails.address("account_reset_password"),
            },
        )

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """A mail about something that was done to a sign-in, e.g. a changed password."""
        reset = mails.address("account_reset_password")
        self.send_mail(
            template_prefix, email or user.email, {**(context or {}), "user": user, "reset": reset}
        )


def _address(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", "")).lower()


def _from_everywhere(credentials: dict[str, Any]) -> dict[str, Any]:
    """What the loose limit counts, as allauth's functions take it."""
    (action,) = FROM_EVERYWHERE
    key = _address(credentials)
    return {"app": "salotto.accounts", "action": action, "config": FROM_EVERYWHERE, "key": key}


def known_language() -> str:
    """The active language, if it is one of ours, else English."""
    active = translation.get_language() or "en"
    return next((code for code, _name in LANGUAGES if active.split("-")[0] == code), "en")
