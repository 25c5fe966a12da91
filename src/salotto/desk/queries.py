"""Reads that only the desk's pages need."""

from salotto.channels.web.models import Site


def site_key() -> str:
    """The public key of the account's first enabled site, or ""."""
    found = Site.objects.filter(enabled=True).order_by("id").values_list("key", flat=True)
    return str(found.first() or "")
