"""The resolver against a DNS server on the wire."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from salotto.channels.email.domains import resolver
from salotto.channels.email.domains.resolver import Dns, Unreachable

ZONE = {
    ("shop.example.", "TXT"): ['"v=spf1 " "mx -all"', '"other"'],
    ("shop.example.", "MX"): ["20 second.example.", "10 First.example."],
    ("null.example.", "MX"): ["0 ."],
    ("host.example.", "A"): ["192.0.2.1"],
    ("host.example.", "AAAA"): ["2001:db8::1"],
}


def answer(wire: bytes, asked: list[tuple[str, str]]) -> bytes:
    query = dns.message.from_wire(wire)
    question = query.question[0]
    name, kind = question.name.to_text(), question.rdtype.name
    asked.append((name, kind))
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    if name == "broken.example.":
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif (name, kind) in ZONE:
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *ZONE[name, kind]))
    elif name not in {known for known, _ in ZONE}:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


@pytest.fixture
def asked() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def server(asked: list[tuple[str, str]]) -> Iterator[str]:
    """The address of a DNS server that knows `ZONE`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                wire, sender = door.recvfrom(4096)
                if not wire:
                    return
                door.sendto(answer(wire, asked), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        host, port = door.getsockname()
        yield f"{host}:{port}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", (host, port))
        thread.join()


def test_what_stands_there(server: str) -> None:
    dns = Dns(server)
    assert sorted(dns.txt("shop.example")) == ["other", "v=spf1 mx -all"]
    assert dns.mx("shop.example") == ["first.example", "second.example"]
    assert dns.mx("null.example") == [""]
    assert dns.addresses("host.example") == ["192.0.2.1", "2001:db8::1"]


def test_what_does_not_stand_there(server: str) -> None:
    dns = Dns(server)
    assert dns.txt("nobody.example") == []
    assert dns.txt("host.example") == []


def test_a_name_that_cannot_be_one_is_not_asked(server: str, asked: list[tuple[str, str]]) -> None:
    assert Dns(server).txt("a..b") == []
    assert Dns(server).txt("x" * 64 + ".example") == []
    assert asked == []


def test_each_question_is_asked_once(server: str, asked: list[tuple[str, str]]) -> None:
    dns = Dns(server)
    assert dns.txt("shop.example") == dns.txt("shop.example")
    assert asked == [("shop.example.", "TXT")]


def test_a_server_that_fails_leaves_us_in_the_dark(server: str) -> None:
    with pytest.raises(Unreachable):
        Dns(server).txt("broken.example")


def test_a_server_that_does_not_answer_leaves_us_in_the_dark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "LIFETIME", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable):
            Dns(f"127.0.0.1:{deaf.getsockname()[1]}").txt("shop.example")


def test_a_silent_server_is_not_waited_for_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "LIFETIME", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        silent = Dns(f"127.0.0.1:{deaf.getsockname()[1]}")
        for number in range(10):
            with pytest.raises(Unreachable):
                silent.txt(f"{number}.example")
        deaf.settimeout(0.1)
        asked = set()
        while True:
            try:
                asked.add(dns_name(deaf.recv(4096)))
            except TimeoutError:
                break
    assert asked == {"0.example.", "1.example."}


def dns_name(wire: bytes) -> str:
    return str(dns.message.from_wire(wire).question[0].name)
