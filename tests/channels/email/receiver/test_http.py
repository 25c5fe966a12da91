"""Raw mail by HTTP: who may bring it, in which forms, and what it is told otherwise."""

import http.client
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client

from salotto.channels.email import upload, views
from salotto.channels.email.actions.receiving import rotate_hook
from salotto.channels.email.models import RawState
from salotto.core.errors import Forbidden, Missing
from salotto.core.limits import RateLimit
from salotto.core.models import AuditEntry
from tests.cast import Cast, some_address
from tests.channels.email.post import Post, open_post
from tests.channels.email.receiver.doors import stored
from tests.servers import HOST, Server, running

RAW = b"From: anna@customer.example\r\nSubject: exact\r\n\r\n\xff\x00 as it came\r\n"


@pytest.fixture
def post() -> Post:
    return open_post()


@pytest.fixture
def secret(post: Post) -> str:
    return rotate_hook(post.mailbox.pk, by=post.owner)


def bring(post: Post, secret: str, body: bytes = RAW, kind: str = "message/rfc822", **headers: str) -> Any:
    path = f"/mail/in/{post.mailbox.key}" + (f"/{secret}" if secret else "")
    client = Client(REMOTE_ADDR=some_address(), enforce_csrf_checks=True)
    return client.post(path, data=body, content_type=kind, headers=headers)


@pytest.mark.parametrize("kind", ["message/rfc822", "application/octet-stream", "text/plain; charset=utf-8"])
def test_a_raw_mail_is_stored_byte_for_byte(post: Post, secret: str, kind: str) -> None:
    answer = bring(post, secret, kind=kind)
    assert (answer.status_code, answer.json()) == (202, {"stored": True})
    (mail,) = stored(post.account)
    assert bytes(mail.content) == RAW
    assert (mail.source, mail.mailbox_id, mail.state) == ("http", post.mailbox.pk, RawState.WAITING)


def test_the_secret_may_come_as_bearer_and_the_envelope_is_kept(post: Post, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}", "X-Envelope-From": "<anna@customer.example>"}
    assert bring(post, "", **headers, **{"X-Envelope-To": "<a@b.example>, c@d.example"}).status_code == 202
    (mail,) = stored(post.account)
    assert (mail.sender, mail.recipients) == ("anna@customer.example", ["a@b.example", "c@d.example"])


def form(field: str, raw: bytes, boundary: str = "xYzZY", filename: str = "") -> tuple[bytes, str]:
    name = f'; filename="{filename}"\r\nContent-Type: message/rfc822' if filename else ""
    parts = [
        b'Content-Disposition: form-data; name="subject"\r\n\r\n--x\r\n\r\ny',
        f'Content-Disposition: form-data; name="{field}"{name}\r\n\r\n'.encode() + raw,
        b'Content-Disposition: form-data; name="spam"\r\n\r\n1',
    ]
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f'multipart/form-data; boundary="{boundary}"'


def test_a_form_of_very_many_parts_is_read_in_no_time() -> None:
    body = b"--b\r\nx\r\n" * 200_000 + b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n'
    began = time.process_time()
    assert upload.field_of(bytearray(body + RAW + b"\r\n--b--\r\n"), b"b") == RAW
    assert time.process_time() - began < 2


def test_no_log_has_the_secret(
    post: Post, secret: str, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.MAIL_LIMIT = 10
    assert bring(post, secret).status_code == 413
    assert bring(post, secret, b"").status_code == 411
    assert bring(post, secret, kind="image/png").status_code == 415
    assert bring(post, secret + "x").status_code == 404
    assert Client().get(f"/mail/in/{post.mailbox.key}/{secret}").status_code == 405
    assert secret not in caplog.text


@pytest.mark.parametrize("field", ["email", "body-mime", "message"])
@pytest.mark.parametrize("filename", ["", "mail.eml"])
def test_forms_of_providers(post: Post, secret: str, field: str, filename: str) -> None:
    raw = RAW + b"--other\r\n\r\n--xYzZ\r\n" + b"x" * 300_000
    body, kind = form(field, raw, filename=filename)
    assert bring(post, secret, body, kind).status_code == 202
    assert bytes(stored(post.account)[0].content) == raw


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\r\n\r\n", "message/rfc822", 422),
        (b" \r\n", "text/plain", 422),
        (RAW, "application/json", 415),
        (RAW, "", 202),
        (RAW, "text/html", 415),
        (RAW, "multipart/form-data", 415),
        (form("other", RAW)[0], form("other", RAW)[1], 415),
        (form("email", b"")[0], form("email", b"")[1], 422),
        (form("email", RAW)[0][:-30], form("email", RAW)[1], 202),
        (form("email", RAW)[0][:120], form("email", RAW)[1], 400),
        (b"--xYzZY", form("email", RAW)[1], 400),
        (b"nothing", form("email", RAW)[1], 415),
    ],
)
def test_what_holds_no_mail_is_refused(post: Post, secret: str, body: bytes, kind: str, status: int) -> None:
    assert bring(post, secret, body, kind).status_code == status
    assert len(stored(post.account)) == (status == 202)


def test_who_does_not_know_the_secret_learns_nothing(post: Post, secret: str) -> None:
    wrong = bring(post, "wrong-secret")
    without = bring(post, "")
    assert wrong.status_code == without.status_code == 404
    post.mailbox.key = "nosuchmailbox"
    unknown = bring(post, secret)
    assert unknown.status_code == 404 and unknown.content == wrong.content
    assert stored(post.account) == []


def test_a_mailbox_without_a_secret_takes_none(post: Post) -> None:
    assert bring(post, "").status_code == 404
    assert bring(post, "0" * 64).status_code == 404


def test_only_post_is_taken(post: Post, secret: str) -> None:
    assert Client().get(f"/mail/in/{post.mailbox.key}/{secret}").status_code == 405


def test_a_new_secret_voids_the_former_and_is_recorded(cast: Cast) -> None:
    post = open_post(cast.primary_admin)
    former = rotate_hook(post.mailbox.pk, by=cast.primary_admin)
    fresh = rotate_hook(post.mailbox.pk, by=cast.primary_admin)
    assert [bring(post, each).status_code for each in (former, fresh)] == [404, 202]
    entries = AuditEntry.objects.filter(account_id=post.account, verb="mailbox.hook_rotated")
    assert entries.count() == 2 and fresh not in str(list(entries.values()))
    for other in (cast.agent, cast.viewer, cast.nobody):
        with pytest.raises(Forbidden):
            rotate_hook(post.mailbox.pk, by=other)
    with pytest.raises(Missing):
        rotate_hook(post.mailbox.pk, by=cast.outsider)


def test_too_many_at_once_are_to_come_again(post: Post, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_MAILBOX", RateLimit(1, burst=2))
    answers = [bring(post, secret) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert len(stored(post.account)) == 2


def test_who_guesses_is_slowed_down(post: Post, secret: str) -> None:
    client = Client(REMOTE_ADDR=some_address())
    codes = {client.post(f"/mail/in/{uuid4().hex[:12]}/{uuid4().hex}").status_code for _ in range(40)}
    assert codes == {404, 429}


def test_without_the_database_it_is_to_come_again(post: Post, secret: str) -> None:
    from django.db import connections

    place = django_settings.DATABASES["default"]
    host = place["HOST"]
    connections["default"].close()
    place["HOST"] = "/nowhere"
    try:
        answer = bring(post, secret)
    finally:
        place["HOST"] = host
    assert answer.status_code == 503 and "Retry-After" in answer.headers
    assert stored(post.account) == []


# On a real server, which does not read a mail into memory before it is asked for


@pytest.fixture(scope="module")
def web(database: str) -> Iterator[Server]:
    with running(SALOTTO_MAIL_LIMIT="1") as server:
        yield server


def request(
    server: Server, path: str, chunks: list[bytes], length: int | None, **headers: str
) -> tuple[int, bytes]:
    link = http.client.HTTPConnection(HOST, server.port, timeout=15)
    try:
        link.putrequest("POST", path)
        for name, value in {
            "Content-Type": "message/rfc822",
            "X-Forwarded-For": some_address(),
            **headers,
        }.items():
            link.putheader(name, value)
        if length is not None:
            link.putheader("Content-Length", str(length))
        link.endheaders()
        for chunk in chunks:
            link.send(chunk)
        got = link.getresponse()
        return got.status, got.read()
    finally:
        link.close()


def path_of(post: Post, secret: str) -> str:
    return f"/mail/in/{post.mailbox.key}/{secret}"


def test_a_mail_of_nearly_the_largest_size_comes_through(web: Server, post: Post, secret: str) -> None:
    raw = b"Subject: large\r\n\r\n" + b"x" * 1_000_000
    assert request(web, path_of(post, secret), [raw[:70_000], raw[70_000:]], len(raw))[0] == 202
    assert bytes(stored(post.account)[0].content) == raw


def test_a_larger_one_is_refused_before_it_is_read(web: Server, post: Post, secret: str) -> None:
    assert request(web, path_of(post, secret), [], 2_000_000)[0] == 413
    assert stored(post.account) == []


def test_a_stranger_is_refused_before_the_mail_is_read(web: Server, post: Post) -> None:
    assert request(web, path_of(post, "wrong"), [], 900_000)[0] == 404


def test_an_empty_mail_is_refused(web: Server, post: Post, secret: str) -> None:
    assert request(web, path_of(post, secret), [], 0)[0] == 422


def test_a_mail_without_a_length_is_refused(web: Server, post: Post, secret: str) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    status, body = request(web, path_of(post, secret), [b"5\r\nabcde\r\n", b"0\r\n\r\n"], None, **headers)
    assert status == 411 and b"length_required" in body


def test_a_mail_that_breaks_off_is_not_stored(web: Server, post: Post, secret: str) -> None:
    link = http.client.HTTPConnection(HOST, web.port, timeout=15)
    link.putrequest("POST", path_of(post, secret))
    link.putheader("Content-Type", "message/rfc822")
    link.putheader("Content-Length", "500")
    link.endheaders()
    link.send(b"Subject: half\r\n\r\n")
    link.close()
    raw = b"Subject: whole\r\n\r\n"
    assert request(web, path_of(post, secret), [raw], len(raw))[0] == 202
    assert [bytes(mail.content) for mail in stored(post.account)] == [raw]
