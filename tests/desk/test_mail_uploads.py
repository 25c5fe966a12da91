"""Uploads over real HTTP: large ones go to disk, and nobody's but an agent's is read at all."""

import http.client
import json
import socket
from pathlib import Path

import pytest
from django.conf import settings
from django.middleware.csrf import _get_new_csrf_string

from salotto.accounts.members import Member
from salotto.core.tenancy import account_scope
from salotto.inbox.actions.files import FILE_LIMIT
from salotto.inbox.models import Attachment
from tests.cast import Cast, client_of
from tests.mailservers.dovecot import await_that
from tests.servers import HOST, Server, running

EDGE = "xxEDGExx"


def form(content: bytes) -> bytes:
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n'
    return head.encode() + b"Content-Type: video/mp4\r\n\r\n" + content + f"\r\n--{EDGE}--\r\n".encode()


def headers_of(member: Member | None) -> dict[str, str]:
    """Of an upload by this member, or by nobody."""
    secret = _get_new_csrf_string()
    cookies = {settings.CSRF_COOKIE_NAME: secret}
    if member is not None:
        name = settings.SESSION_COOKIE_NAME
        cookies[name] = client_of(member.user).cookies[name].value
    return {
        "Content-Type": f"multipart/form-data; boundary={EDGE}",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": secret,
        "Accept": "application/json",
        "Connection": "close",
    }


def head_of(cast: Cast, member: Member, length: int) -> bytes:
    """The head of an upload, as it is sent."""
    lines = [f"POST /a/{cast.slug}/uploads/ HTTP/1.1", f"Host: {HOST}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers_of(member).items()]
    return "\r\n".join([*lines, "", ""]).encode()


def upload(server: Server, cast: Cast, member: Member | None, body: bytes) -> tuple[int, dict[str, object]]:
    """Send it; the status and the answer."""
    headers = headers_of(member)
    connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
    connection.request("POST", f"/a/{cast.slug}/uploads/", body, headers)
    answer = connection.getresponse()
    told = answer.status, json.loads(answer.read())
    connection.close()
    return told


def test_a_large_file_is_kept_byte_for_byte(server: Server, cast: Cast) -> None:
    content = bytes(range(256)) * 20_000
    status, told = upload(server, cast, cast.agent, form(content))
    assert status == 201, told
    with account_scope(cast.account.pk):
        kept = Attachment.objects.select_related("blob").get(pk=told["id"])
        assert bytes(kept.blob.content) == content
        assert (kept.name, kept.type, kept.author_id) == ("film.mp4", "video/mp4", cast.agent.user.pk)


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("nobody", 403), ("outsider", 401), ("", 401)])
def test_nobody_else_uploads(server: Server, cast: Cast, who: str, status: int) -> None:
    member = cast.members()[who] if who else None
    assert upload(server, cast, member, form(b"hello"))[0] == status


def test_a_file_over_the_limit_is_refused(server: Server, cast: Cast) -> None:
    status, told = upload(server, cast, cast.agent, form(bytes(FILE_LIMIT + 1)))
    assert status == 413, told


def open_in(server: Server, folder: Path) -> list[str]:
    """What the server has open below a folder."""
    links = (Path(f"/proc/{server.process.pid}/fd/{number}") for number in range(200))
    targets = [str(link.readlink()) for link in links if link.is_symlink()]
    return [target for target in targets if target.startswith(str(folder))]


def test_a_server_that_is_killed_in_an_upload_leaves_no_file(cast: Cast) -> None:
    spool = Path(settings.SPOOL)
    body = form(bytes(5_000_000))
    with running() as server, socket.create_connection((HOST, server.port)) as half:
        half.sendall(head_of(cast, cast.agent, len(body)) + body[:3_000_000])
        assert await_that(lambda: open_in(server, spool), "a part of it is on the disk")
        assert list(spool.iterdir()) == []  # it has no name
        server.kill()
    assert list(spool.iterdir()) == []
