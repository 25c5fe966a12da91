"""Why the API itself refuses: each reason a class, with its status, code and sentence."""

from django.utils.translation import gettext_lazy as _

from salotto.core.errors import BadRequest, Conflict, Invalid, Refused, SignInNeeded


class BadToken(SignInNeeded):
    """401: no token, or one that is not (or no longer) ours."""

    code = "bad_token"
    sentence = _("The token is missing, wrong or revoked. Nothing was changed. Send a live one as Bearer.")

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class NotJson(BadRequest):
    """400: the body is no JSON object."""

    code = "not_json"
    sentence = _("The body has to be a JSON object in UTF-8. Nothing was changed.")


class BadKey(BadRequest):
    """400: an `Idempotency-Key` that cannot be one."""

    code = "bad_idempotency_key"
    sentence = _("An Idempotency-Key has 1 to 200 visible ASCII characters. Nothing was changed.")


class KeyReused(Invalid):
    """422: the key of another request."""

    code = "idempotency_key_reused"
    sentence = _("This Idempotency-Key was used for another request. Nothing was changed. Take a new one.")


class UnderWay(Conflict):
    """409: the same request is being worked on at this moment."""

    code = "in_progress"
    sentence = _("This very request is being worked on. Ask again in a moment for its answer.")

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class HandToNeeded(Conflict):
    """409: rule 17, an agent with open conversations is released without saying who takes over."""

    code = "hand_to_needed"
    sentence = _(
        "This agent has open conversations. Nothing was changed. Say who takes over in hand_to,"
        " or null for nobody."
    )


class Failed(Refused):
    """500: our fault."""

    status, code = 500, "failed"
    sentence = _(
        "Something went wrong on the server. Try again: with the same Idempotency-Key nothing is done twice."
    )
