"""Mails of this room: text and HTML from one pair of templates, in the reader's language."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from salotto.accounts.models import Invitation, User


def address(name: str, *args: Any) -> str:
    """The full address of one of our pages, from SALOTTO_URL and never from a request."""
    return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"


def build(template: str, to: str, context: dict[str, Any], language: str) -> EmailMultiAlternatives:
    """A message from `<template>_subject.txt`, `_message.txt` and `_message.html`."""
    with translation.override(language):
        context = {"email": to, "language": language, **context}
        subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
        text = render_to_string(f"{template}_message.txt", context).strip() + "\n"
        html = render_to_string(f"{template}_message.html", context).strip()
    mail = EmailMultiAlternatives(subject, text, settings.DEFAULT_FROM_EMAIL, [to])
    mail.attach_alternative(html, "text/html")
    return mail


def send_invitation(invitation: Invitation, token: str) -> None:
    """Queue the mail with the link that accepts."""
    context = {
        "invitation": invitation,
        "account": invitation.account,
        "by": invitation.invited_by,
        "link": address("accept_invitation", token),
    }
    build("account/email/invitation", invitation.email, context, invitation.language).send()


def send_password_changed(user: User) -> None:
    """Queue the mail that says so."""
    context = {"user": user, "reset": address("account_reset_password")}
    build("account/email/password_changed", user.email, context, user.language).send()
