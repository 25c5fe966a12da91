"""What is needed to sign in to a mailbox's server: the password, or a fresh OAuth 2 access token."""

from salotto.channels.email import oauth, troubles
from salotto.channels.email.models import Auth
from salotto.channels.email.queries.incoming import Box, server_of
from salotto.channels.email.troubles import Trouble
from salotto.core.sealing import CannotOpen, unseal


def secret_of(box: Box) -> str:
    """The password or the access token. Raises Trouble."""
    try:
        if box.auth in (Auth.GOOGLE, Auth.MICROSOFT):
            return oauth.access_token(server_of(box))
        return unseal(box.secret)
    except CannotOpen as error:
        raise Trouble(troubles.CANNOT_OPEN) from error
