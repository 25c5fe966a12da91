"""A stateful Stripe on loopback, for tests: real HTTP, the official library on the other end.

    with fake_stripe() as fake:                     # gateway("stripe") talks to it from here on
        reference = port.begin_card(customer, "k")["reference"]
        fake.enter_card(reference, "4242424242424242")     # what Stripe's element does in the browser
        fake.next("lose_answer", "confirm")         # the next confirm is done, its answer is lost
        …
        fake.authenticate(intent_id, passed=True)   # what the bank's page does
        fake.deliver(fake.events[-1])               # posts the signed webhook to our address
        fake.captured("EUR")                        # what cards were charged, in Stripe's units

Faults: `lose_request`, `lose_answer` (the connection is closed before or after the work),
`fail_before`, `fail_after` (500, remembered under the idempotency key as Stripe does),
`busy` (429), `in_progress` (409), and `hold` (the answer waits for `fake.release`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.conf import settings
from django.test import override_settings

from salotto.billing.gateways import gateway
from tests.billing.fake_stripe.fake import FakeStripe

__all__ = ["FakeStripe", "fake_stripe"]


@contextmanager
def fake_stripe(*, as_default: bool = False) -> Iterator[FakeStripe]:
    """A running fake that `gateway("stripe")` talks to; `as_default`: accounts without a
    gateway of their own use it too."""
    with FakeStripe() as fake:
        options = replace(
            settings.OPTIONS,
            stripe_secret_key=fake.secret_key,
            stripe_publishable_key=fake.publishable_key,
            stripe_webhook_secret=fake.webhook_secret,
            stripe_api=fake.url,
        )
        default = "stripe" if as_default else settings.BILLING_GATEWAY
        gateway.cache_clear()
        try:
            with override_settings(OPTIONS=options, BILLING_GATEWAY=default):
                yield fake
        finally:
            gateway.cache_clear()
