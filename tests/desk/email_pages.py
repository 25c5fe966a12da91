"""What the tests of the settings of email share: addresses, forms, pages as text."""

import re
from html import unescape
from typing import Any

from salotto.accounts.actions import permit_channels
from salotto.accounts.members import Member
from salotto.channels.email.models import Mailbox, Server
from salotto.core.tenancy import account_scope
from tests.cast import Cast
from tests.channels.email.post import Post, open_post


def url(cast: Cast, path: str = "") -> str:
    """An address below the settings of channels."""
    return f"/a/{cast.slug}/settings/channels/{path}"


def text_of(html: str) -> str:
    """A page without markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.replace("<wbr>", ""))).split())


def page(cast: Cast, path: str = "", by: Member | None = None) -> str:
    """A page's text."""
    answer = cast.client(by or cast.primary_admin).get(url(cast, path))
    assert answer.status_code == 200, answer.content
    return text_of(answer.content.decode())


def post(cast: Cast, path: str, data: dict[str, Any], by: Member | None = None, **options: Any) -> Any:
    """The answer to a form."""
    return cast.client(by or cast.primary_admin).post(url(cast, path), data, **options)


def open_inbox(cast: Cast, name: str = "Support", **fields: Any) -> Post:
    """A mailbox of this account."""
    return open_post(cast.primary_admin, name, **fields)


def row(found: Post) -> Mailbox:
    """The mailbox as the database has it now."""
    with account_scope(found.account):
        now: Mailbox = Mailbox.objects.select_related("inbox", "account").get(pk=found.mailbox.pk)
    return now


def server(found: Post, way: str) -> Server | None:
    """Its server of this way."""
    with account_scope(found.account):
        now: Server | None = Server.objects.filter(mailbox=found.mailbox, way=way).first()
    return now


def read_by(found: Post, **fields: Any) -> Server:
    """It is read by a server that is not there."""
    place = {"host": "imap.example", "port": 993, "username": found.address, **fields}
    with account_scope(found.account):
        made: Server = Server.objects.create(
            account_id=found.account, mailbox=found.mailbox, way="in", **place
        )
    return made


def permitted(cast: Cast) -> Member:
    """The admin, with the permission."""
    permit_channels(cast.admin.user.pk, True, by=cast.primary_admin)
    return cast.again(cast.admin)
