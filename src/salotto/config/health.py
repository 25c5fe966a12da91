"""For who runs the server: is it up, and does its live stream work?"""

from django.core.signing import BadSignature, TimestampSigner

from salotto.core import asgi
from salotto.core.asgi import Receive, Scope, Send
from salotto.core.errors import Forbidden
from salotto.live.station import Station
from salotto.live.streams import hold

CHECK_SALT = "live.check"
CHECK_SECONDS = 60
CHECK_ACCOUNT = 0
"""An account that cannot exist: the events of `salotto check` are nobody's."""


async def health(scope: Scope, receive: Receive, send: Send) -> None:
    """200 while the process answers; says nothing of the inside."""
    await asgi.respond_json(send, {"status": "ok"})


def check_token() -> str:
    """What `salotto check` shows; valid for a minute."""
    return TimestampSigner(salt=CHECK_SALT).sign("check")


async def check_stream(station: Station, scope: Scope, receive: Receive, send: Send) -> None:
    """The stream of account 0, for `salotto check` alone."""
    try:
        TimestampSigner(salt=CHECK_SALT).unsign(asgi.query(scope).get("token", ""), max_age=CHECK_SECONDS)
    except BadSignature:
        await asgi.refuse(send, Forbidden())
        return
    await hold(station, scope, receive, send, account=CHECK_ACCOUNT)
