"""What a visitor sends, checked: pure functions from JSON to values, or a clear refusal."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from salotto.core.errors import BadRequest, Invalid
from salotto.inbox.text import clean_body

BODY_LIMIT = 5000
BIGGEST_ID = 2**63 - 1
EMAIL_LIMIT = 254


def text(value: dict[str, Any], name: str, most: int = 200) -> str:
    """An optional text field of at most `most` characters, without what no database stores
    (NUL, half a surrogate pair); raises BadRequest otherwise."""
    found = value.get(name, "")
    if not isinstance(found, str) or len(found) > most:
        raise BadRequest(_("A field has the wrong form: %(name)s.") % {"name": name}, code="wrong_field")
    return found.replace("\0", "").encode("utf-8", "ignore").decode()


def body(value: dict[str, Any]) -> str:
    """The message's text; see `clean_body` for what is refused."""
    found = value.get("body")
    if not isinstance(found, str):
        raise BadRequest(_("A field has the wrong form: %(name)s.") % {"name": "body"}, code="wrong_field")
    return clean_body(found, BODY_LIMIT)


def email(value: dict[str, Any]) -> str:
    """The address to answer to, or ""; raises Invalid for one that cannot be."""
    given = text(value, "email", 4000).strip()
    try:
        if given:
            validate_email(given)
    except ValidationError:
        given = "x" * (EMAIL_LIMIT + 1)
    if len(given) > EMAIL_LIMIT:
        raise Invalid(_("This is not an email address. Correct it, or leave it empty."), code="bad_email")
    return given


def client_id(value: dict[str, Any]) -> UUID:
    """The id that the client made for its message, in UUID form."""
    try:
        return UUID(text(value, "id", 36))
    except ValueError as error:
        raise Invalid(_("The message has no valid id. Reload the page."), code="bad_id") from error


def whole(found: object, name: str) -> int:
    """A whole number from 0 to 2⁶³ − 1, as a number or in digits; raises BadRequest otherwise."""
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 20:
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= BIGGEST_ID:
        raise BadRequest(_("A field has the wrong form: %(name)s.") % {"name": name}, code="wrong_field")
    return found


def page(value: dict[str, Any]) -> dict[str, str]:
    """The page the visitor is on, for the agent's eyes: address and title, if they are ones."""
    url, title = text(value, "page", 4000), text(value, "title", 4000)
    known = {}
    if url.startswith(("https://", "http://")):
        known["page"] = url[:1000]
    if title:
        known["title"] = title[:200]
    return known
