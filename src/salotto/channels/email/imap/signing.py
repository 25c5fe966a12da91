"""What is needed to sign in to a mailbox's server: the password, or a fresh OAuth 2 access token."""

from salotto.channels.email import oauth, troubles
from salotto.channels.email.models import Auth, Server
from salotto.channels.email.queries.incoming import Box, server_of
from salotto.channels.email.troubles import Trouble
from salotto.core.sealing import CannotOpen, unseal


def secret_of(box: Box) -> str:
    """The password or the access token. Raises Trouble."""
    return secret_of_server(server_of(box))


def secret_of_server(server: Server) -> str:
    """The password or the access token of a server's row. Raises Trouble."""
    if server.auth in (Auth.GOOGLE, Auth.MICROSOFT):
        return oauth.access_token(server)
    try:
        return unseal(server.secret)
    except CannotOpen as error:
        raise Trouble(troubles.CANNOT_OPEN) from error
