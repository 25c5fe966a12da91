"""Gateways behind one small port; `gateway(name)` finds one."""

from functools import cache

from salotto.billing.gateways.port import Gateway

NAMES = ("sandbox", "stripe", "invoice")


@cache
def gateway(name: str) -> Gateway:
    """The gateway of this name, made once per process; raises LookupError for any other."""
    if name == "sandbox":
        from salotto.billing.gateways.sandbox import Sandbox

        return Sandbox()
    if name == "stripe":
        from salotto.billing.gateways.stripe import StripeGateway

        return StripeGateway.from_settings()
    if name == "invoice":
        from salotto.billing.gateways.invoice import OnInvoice

        return OnInvoice()
    raise LookupError(name)
