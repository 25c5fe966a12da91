"""A DKIM key, and a DNS server on loopback in which every domain publishes it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import dns.message
import dns.rrset

from salotto.channels.email.composing.dkim import dns_record, new_key, sign

SELECTOR = "test"


@cache
def key() -> tuple[str, str]:
    """The private and the public half; made once."""
    return new_key()


def signed(mail: bytes, domain: str) -> bytes:
    """The mail as a server of this domain hands it on."""
    return sign(mail.replace(b"\n", b"\r\n"), domain=domain, selector=SELECTOR, key_pem=key()[0])


@contextmanager
def published() -> Iterator[str]:
    """The address of a DNS server that has the key for every domain."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=[door])
        thread.start()
        host, port = door.getsockname()
        yield f"{host}:{port}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", (host, port))
        thread.join()


def _serve(door: socket.socket) -> None:
    while True:
        wire, sender = door.recvfrom(4096)
        if not wire:
            return
        reply = dns.message.make_response(dns.message.from_wire(wire))
        name, text = reply.question[0].name, dns_record(SELECTOR, "any.example", key()[1])[1]
        halves = f'"{text[:200]}" "{text[200:]}"'
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", halves))
        door.sendto(reply.to_wire(), sender)
