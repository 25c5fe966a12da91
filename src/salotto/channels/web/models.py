"""The web chat channel: a site and its widget."""

import secrets

from django.db import models

from salotto.core.tenancy import AccountModel, LocalKey
from salotto.inbox.models import Inbox


def new_key() -> str:
    """A public site key, 12 url-safe characters."""
    return secrets.token_urlsafe(9)


def origins_in(lines: str) -> frozenset[str]:
    """The origins of a text with one per line: lower case, without a trailing slash."""
    return frozenset(line.strip().rstrip("/").lower() for line in lines.splitlines() if line.strip())


class Site(AccountModel):
    """A web site that carries the widget; `key` is public and stands in the script tag.

    `origins` are the only ones whose pages may talk to this site's endpoints, one per
    line (`https://shop.example`); empty allows every origin.
    """

    inbox = LocalKey(Inbox)
    key = models.CharField(max_length=24, unique=True, default=new_key)
    origins = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "inbox"], name="web_site_inbox")]
