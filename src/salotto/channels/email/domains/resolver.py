"""Asking the DNS, with a time-out; the process boundary of the check."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dns.resolver import Resolver

LIFETIME = 4.0
"""Seconds for one question, all servers and retries together."""

MOST_SILENCE = 2
"""Questions that may be waited for in vain: after these, a resolver that is silent is asked no more."""


class Unreachable(Exception):
    """The DNS did not answer, or answered with a failure: nothing is known."""


class Lookup(Protocol):
    """What the check wants to know. Names without a final dot; [] when there is nothing."""

    def txt(self, name: str) -> list[str]:
        """The TXT records of a name, each joined from its parts. Raises Unreachable."""

    def mx(self, name: str) -> list[str]:
        """The mail exchangers, most wanted first; "" stands for a null MX (RFC 7505)."""

    def addresses(self, name: str) -> list[str]:
        """The IPv4 and IPv6 addresses."""


@dataclass(frozen=True)
class Dns:
    """The system's resolver, or the server named by `server` ("address" or "address:port"); `seconds`
    for one question, `LIFETIME` where it is 0."""

    server: str = ""
    seconds: float = 0.0
    _known: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _silent: list[str] = field(default_factory=list)

    def txt(self, name: str) -> list[str]:
        """See `Lookup`."""
        return self._ask(name, "TXT")

    def mx(self, name: str) -> list[str]:
        """See `Lookup`."""
        return self._ask(name, "MX")

    def addresses(self, name: str) -> list[str]:
        """See `Lookup`."""
        return self._ask(name, "A") + self._ask(name, "AAAA")

    def _ask(self, name: str, kind: str) -> list[str]:
        if (name, kind) not in self._known:
            self._known[name, kind] = self._asked(name, kind)
        return self._known[name, kind]

    def _asked(self, name: str, kind: str) -> list[str]:
        import dns.resolver  # slow to import, and few need it

        if len(self._silent) >= MOST_SILENCE:
            raise Unreachable
        try:
            answer = self._resolver.resolve(f"{name}.", kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.resolver.LifetimeTimeout as error:
            self._silent.append(name)
            raise Unreachable from error
        except (dns.resolver.NoNameservers, OSError) as error:
            raise Unreachable from error
        except dns.exception.DNSException:  # a name that cannot be one
            return []
        return [_text(row, kind) for row in sorted(answer, key=lambda row: getattr(row, "preference", 0))]

    @cached_property
    def _resolver(self) -> "Resolver":
        import dns.resolver

        resolver = dns.resolver.Resolver(configure=not self.server)
        resolver.lifetime = self.seconds or LIFETIME
        if self.server:
            address, _, port = self.server.partition(":")
            resolver.nameservers, resolver.port = [address], int(port or 53)
        return resolver


def _text(row: object, kind: str) -> str:
    if kind == "TXT":
        return b"".join(row.strings).decode("utf-8", "replace")  # type: ignore[attr-defined]
    if kind == "MX":
        return str(row.exchange).rstrip(".").lower()  # type: ignore[attr-defined]
    return str(row.address)  # type: ignore[attr-defined]
