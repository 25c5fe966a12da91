"""Connections to mail servers that a customer has named: which addresses may be reached, how
long one waits, and when a certificate is believed.

A company's own mail server often stands in a private network, so those addresses are allowed;
whoever hosts accounts of strangers forbids them (`SALOTTO_MAIL_PRIVATE`). Refused are, whatever
name leads there: link-local addresses, where clouds hand out the keys of their machines
(169.254.169.254, fe80::/10, fd00:ec2::254), and this very machine with all that listens on it for
itself alone; that one the operator may allow (`SALOTTO_MAIL_LOCAL`), since a mail server may well
run beside Salotto. The address is checked that is connected to, not the name: a name may lead
elsewhere a moment later.
"""

import socket
import ssl
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any

from django.conf import settings

from salotto.channels.email import troubles
from salotto.channels.email.troubles import Trouble

CONNECT_SECONDS = 20.0
MOST_SECONDS = 60.0
"""After which no further address of a server is tried; a name may lead to any number."""
READ_SECONDS = 60.0
_METADATA = ip_address("fd00:ec2::254")
_NAT64 = ip_network("64:ff9b::/96")

Address = IPv4Address | IPv6Address


def allowed(address: Address) -> bool:
    """Whether a mail server may stand at this address."""
    if isinstance(address, IPv6Address):
        address = _within(address)
    if address.is_link_local or address.is_multicast or address == _METADATA:
        return False
    if address.is_loopback or address.is_unspecified:
        return bool(settings.MAIL_LOCAL)
    return settings.MAIL_PRIVATE or address.is_global


def _within(address: IPv6Address) -> Address:
    """The IPv4 address to which an IPv6 one leads: mapped, or by way of NAT64 or 6to4."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def connect(host: str, port: int) -> socket.socket:
    """A connection with time-outs on all that follows. Raises Trouble."""
    failed: OSError | None = None
    until = monotonic() + MOST_SECONDS
    for family, place in places(host, port):
        try:
            return _connect(family, place)
        except OSError as error:
            failed = error
        if monotonic() > until:
            break
    raise Trouble(troubles.UNREACHABLE, failed)


def secure(sock: socket.socket, host: str) -> ssl.SSLSocket:
    """TLS on it; the certificate must be valid for the host. Raises Trouble."""
    try:
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise troubles.certificate(error) from error
    except ssl.SSLError as error:
        raise Trouble(troubles.NO_TLS, error.reason or error) from error
    except OSError as error:
        raise troubles.of(error) from error


def places(host: str, port: int) -> Sequence[tuple[int, tuple[Any, ...]]]:
    """Where a name leads, as family and address; those only that may be reached. Raises Trouble."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Trouble(troubles.NO_NAME, error) from error
    good = [(int(family), place) for family, _, _, _, place in found if allowed(_address(place))]
    if not good:
        raise Trouble(troubles.NOT_ALLOWED)
    return good


def _address(place: tuple[Any, ...]) -> Address:
    return ip_address(str(place[0]).split("%")[0])  # a link-local one names its network behind the %


def _connect(family: int, place: tuple[Any, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(CONNECT_SECONDS)
        sock.connect(place)
        sock.settimeout(READ_SECONDS)
        _keep_alive(sock)
    except OSError:
        sock.close()
        raise
    return sock


def _keep_alive(sock: socket.socket) -> None:
    """A peer that has vanished is noticed within minutes, though nothing is said meanwhile."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
