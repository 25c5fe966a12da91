"""What a client may send and how slowly: whoever stalls or floods keeps nobody waiting."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from salotto.live.streams import MOST_PER_PERSON
from tests.channels.sites import open_shop
from tests.servers import HOST, PATIENCE, Server, Stream, Visitor, ask, running, wait_for

FORM = (
    b"POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Cookie: salotto_csrf=" + b"a" * 32 + b"\r\nContent-Length: 100\r\n\r\na="
)
STALLED = {
    "nothing": b"",
    "half a request line": b"GET /hea",
    "half a head": b"GET /health HTTP/1.1\r\nHost: x\r\n",
    "half a page's body": FORM,
    "half an endpoint's body": FORM.replace(b"/login/", b"/w/hello"),
    "half a chunk": b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "empty lines after an answer": b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n\r\n",
    "half a body after its answer": b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
}


@pytest.fixture(scope="module")
def hasty(database: str) -> Iterator[Server]:
    """A server whose clients get half a second."""
    with running(REQUEST_SECONDS="0.5", SALOTTO_VISITOR_RATE="6000") as server:
        yield server


def connect(server: Server, sent: bytes = b"", buffer: int = 0) -> socket.socket:
    """A connection of its own; `buffer`: bytes that it takes without being read."""
    line = socket.socket()
    line.settimeout(PATIENCE)
    if buffer:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    line.connect((HOST, server.port))
    line.sendall(sent)
    return line


def all_of(line: socket.socket) -> bytes:
    """What comes until the server closes."""
    with line:
        return b"".join(iter(lambda: line.recv(65536), b""))


def takes(line: socket.socket, more: bytes) -> bool:
    """Whether the connection still takes bytes."""
    try:
        line.sendall(more)
    except ConnectionError:
        return False
    return True


def stream_of(visitor: Visitor) -> Stream | None:
    """Their stream, if they may hold one more."""
    stream = visitor.stream()
    if stream.status != 200:
        stream.close()
        return None
    return stream


def status(answer: bytes) -> int:
    return int(answer.split(b" ")[1])


def test_slow_forms_keep_no_page_waiting(server: Server) -> None:
    with ExitStack() as held:
        for _ in range(12):
            held.enter_context(connect(server, FORM))
        assert ask(server, "GET", "/login/").status == 200
        assert ask(server, "POST", "/login/", b"login=x").status in (200, 403)


def test_a_body_over_the_limit_never_reaches_a_page(server: Server) -> None:
    assert ask(server, "POST", "/login/", b"x" * 300_000).status == 413
    with connect(server, FORM.replace(b"100", b"9000000000")) as line:
        assert status(line.recv(4096)) == 413


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_browser_is_told_of_a_body_over_the_limit_by_a_page(server: Server, kind: str) -> None:
    browser = {"Accept": "text/html,*/*;q=0.8", "Content_Type": kind, "Accept_Language": "en"}
    told = ask(server, "POST", "/login/", b"x" * 300_000, Cookie=f"salotto_csrf={'a' * 32}", **browser)
    assert told.status == 413 and told.headers["content-type"].startswith("text/html")
    assert "This is too large to be sent. Shorten it and try again." in told.body.decode()


def test_a_form_that_comes_in_pieces_arrives_whole(server: Server) -> None:
    with connect(server, FORM) as line:
        line.sendall(b"b" * 49)
        line.sendall(b"c" * 49)
        assert status(line.recv(4096)) in (200, 403)


def test_who_stalls_is_cut_off(hasty: Server) -> None:
    lines = {name: connect(hasty, sent) for name, sent in STALLED.items()}
    answers = {name: all_of(line) for name, line in lines.items()}
    assert {name: answer and status(answer) for name, answer in answers.items()} == {
        "nothing": b"",
        "half a request line": 408,
        "half a head": 408,
        "half a page's body": 408,
        "half an endpoint's body": 408,
        "half a chunk": 408,
        "empty lines after an answer": 200,
        "half a body after its answer": 200,
    }


@pytest.mark.parametrize("start", [b"GET /health HTTP/1.1\r\nHost: ", FORM], ids=["a head", "a body"])
def test_who_drips_is_cut_off_too(hasty: Server, start: bytes) -> None:
    with connect(hasty, start) as line:
        wait_for(lambda: not takes(line, b"a"))


def test_a_large_body_over_a_slow_line_arrives(hasty: Server) -> None:
    head = FORM.replace(b"Content-Length: 100", b"Content-Length: 100002")
    with connect(hasty, head + b"b" * 60_000) as line:
        line.settimeout(1.5)
        with pytest.raises(TimeoutError):  # it is waited for
            line.recv(4096)
        line.settimeout(PATIENCE)
        line.sendall(b"c" * 40_000)
        assert status(line.recv(4096)) in (200, 403)


def test_who_does_not_read_is_cut_off(hasty: Server) -> None:
    visitor = open_shop().visitor(hasty)
    for _ in range(50):
        assert visitor.say("x" * 5000).status == 200
    head = f"Host: x\r\nAuthorization: Bearer {visitor.token}\r\n\r\n"
    with connect(hasty, f"GET /w/messages HTTP/1.1\r\n{head}".encode() * 30, buffer=4096) as line:
        wait_for(lambda: not takes(line, b"\r\n"))


def test_a_held_stream_is_not_overdue(hasty: Server) -> None:
    visitor = open_shop().visitor(hasty)
    with visitor.stream().until_ready() as stream:
        assert all_of(connect(hasty)) == b""  # so much later
        visitor.say("Hello")
        stream.until(lambda s: s.facts)


def test_a_connection_that_is_used_again_is_not_overdue(hasty: Server) -> None:
    link = http.client.HTTPConnection(HOST, hasty.port, timeout=PATIENCE)
    for _ in range(3):
        link.request("GET", "/health")
        assert link.getresponse().read() == b'{"status":"ok"}'
        assert all_of(connect(hasty)) == b""  # so much later
    link.close()


PIECE = b"x" * 60_000


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET /health HTTP/1.1\r\nHost: x\r\nCookie: ", PIECE),
        (b"GET /health HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n" * 10_000),
        (b"GET /health?", PIECE),
        (b"GET /health HTTP/1.1\r\n", PIECE),
    ],
    ids=["one header", "many headers", "an address", "a name"],
)
def test_a_head_without_an_end_is_refused(server: Server, start: bytes, piece: bytes) -> None:
    with connect(server, start + piece) as line:
        takes(line, b"x" * 6000)
        assert status(line.recv(4096)) == 431


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 66_000 + b"\r\n\r\n",
        b"GET /health?" + b"x" * 66_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["a header", "an address"],
)
def test_a_whole_head_over_the_limit_is_refused(server: Server, head: bytes) -> None:
    with connect(server, head) as line:
        assert status(line.recv(4096)) == 431


def test_a_large_head_below_the_limit_is_read(server: Server) -> None:
    assert ask(server, "GET", "/health", Cookie="x" * 60_000).status == 200
    assert ask(server, "POST", "/login/", b"x" * 200_000, X="y" * 30_000).status in (200, 403)


def test_a_trailer_without_an_end_is_cut_off(server: Server) -> None:
    start = b"POST /login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    with connect(server, start + b"A: ") as line:
        wait_for(lambda: not takes(line, PIECE))


def test_a_flood_of_requests_on_one_connection_is_cut_off(server: Server) -> None:
    tiny = b"GET /login/ HTTP/1.1\r\n\r\n"
    with connect(server) as line:
        wait_for(lambda: not takes(line, tiny * 1000))
    assert ask(server, "GET", "/health").status == 200


def test_a_stream_is_given_up_though_another_request_was_sent_behind_it(server: Server) -> None:
    visitor = open_shop().visitor(server)
    head = f"Host: x\r\nAuthorization: Bearer {visitor.token}\r\nX-Forwarded-For: {visitor.address}\r\n\r\n"
    sent = f"GET /w/live HTTP/1.1\r\n{head}GET /health HTTP/1.1\r\n\r\n".encode()
    for _ in range(MOST_PER_PERSON):
        with connect(server, sent) as line:
            assert status(line.recv(4096)) == 200
    with wait_for(lambda: stream_of(visitor)):
        pass
