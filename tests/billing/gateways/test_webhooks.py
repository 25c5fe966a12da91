"""Webhooks: verified on the raw bytes, stored once, handled in any order."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from salotto.billing.actions import methods, webhooks
from salotto.billing.gateways import gateway, signatures
from salotto.billing.gateways.port import Forged
from salotto.billing.gateways.sandbox import HEADER, _secret
from salotto.billing.gateways.sandbox import webhook as sandbox_webhook
from salotto.billing.gateways.stripe_objects import OUR_KEY
from salotto.billing.models import Payment, PaymentState, SandboxObject, WebhookEvent
from salotto.billing.tasks import deliver_sandbox_webhook
from salotto.core import clock
from salotto.core.tenancy import account_scope
from tests.billing import shop
from tests.billing.fake_stripe import FakeStripe, fake_stripe
from tests.cast import Cast, client_of

ADDRESS = "/billing/webhooks/stripe"
ASKS = "4000002760003184"


@pytest.fixture
def fake(cast: Cast) -> Iterator[FakeStripe]:
    """Stripe, with a card that succeeds."""
    shop.use_gateway(cast.primary_admin, "stripe")
    with fake_stripe() as running:
        yield running


def stripe_card(cast: Cast, fake: FakeStripe, number: str = shop.GOOD) -> None:
    reference = methods.begin_card(cast.primary_admin)["reference"]
    fake.enter_card(reference, number)
    methods.add_card(reference, cast.primary_admin)


def unanswered(cast: Cast, fake: FakeStripe) -> Payment:
    """A purchase whose confirmation was done, and its answer lost."""
    stripe_card(cast, fake)
    fake.next("lose_answer", "confirm")
    payment = shop.buy(cast.primary_admin, 3)
    assert payment.state == PaymentState.CHARGING
    return payment


def rows(fake: FakeStripe) -> list[WebhookEvent]:
    ids = [event["id"] for event in fake.events]
    return list(WebhookEvent.objects.filter(source="stripe", event_id__in=ids).order_by("id"))


def work(fake: FakeStripe) -> None:
    """What the job does with each stored event."""
    for row in rows(fake):
        webhooks.handle(row.pk)


def state(cast: Cast, payment: Payment) -> str:
    with account_scope(cast.account.pk):
        return str(Payment.objects.get(pk=payment.pk).state)


def waiting(row: WebhookEvent) -> int:
    """How many jobs there are for this event."""
    with connection.cursor() as db:
        db.execute(
            "SELECT count(*) FROM procrastinate_jobs"
            " WHERE task_name LIKE '%%.handle_webhook' AND (args->>'event')::bigint = %s",
            [row.pk],
        )
        return int(db.fetchone()[0])


def test_a_webhook_settles_what_an_answer_has_not(cast: Cast, fake: FakeStripe) -> None:
    payment = unanswered(cast, fake)
    assert set(fake.deliver(*fake.events)) == {200}
    work(fake)
    assert state(cast, payment) == PaymentState.PAID
    assert len(shop.invoices(cast.primary_admin)) == 1
    assert all(row.handled_at and not row.problem for row in rows(fake))


def test_replays_in_any_order_leave_the_same_state(cast: Cast, fake: FakeStripe) -> None:
    payment = unanswered(cast, fake)
    assert set(fake.deliver(*reversed(fake.events), times=3)) == {200}
    assert len(rows(fake)) == len(fake.events)
    assert {waiting(row) for row in rows(fake)} == {1}
    for _ in range(2):
        work(fake)
    WebhookEvent.objects.filter(pk__in=[row.pk for row in rows(fake)]).update(handled_at=None)
    work(fake)
    assert state(cast, payment) == PaymentState.PAID
    assert len(shop.invoices(cast.primary_admin)) == 1
    assert shop.subscription(cast.primary_admin).quantity == 3
    assert fake.captured("CHF") == 3 * shop.UNIT


def test_a_webhook_settles_a_challenge_that_was_answered(cast: Cast, fake: FakeStripe) -> None:
    stripe_card(cast, fake, ASKS)
    payment = shop.buy(cast.primary_admin, 3)
    assert payment.challenge is not None and payment.challenge["client_secret"]
    fake.authenticate(payment.intent)
    fake.deliver(*fake.events)
    work(fake)
    assert state(cast, payment) == PaymentState.PAID


def test_a_forged_webhook_is_refused_and_not_stored(cast: Cast, fake: FakeStripe) -> None:
    unanswered(cast, fake)
    raw, headers = fake.webhook(fake.events[-1])
    client = client_of()
    old = fake.webhook(fake.events[-1], at=clock.now() - timedelta(minutes=6))
    other = {"Stripe-Signature": headers["Stripe-Signature"][:-2] + "00"}
    for body, given in ((raw + b" ", headers), (raw, other), (raw, {}), old):
        answer = client.post(ADDRESS, body, content_type="application/json", headers=given)
        assert answer.status_code == 400
    assert rows(fake) == []


def test_bytes_are_verified_and_not_what_they_mean(cast: Cast, fake: FakeStripe) -> None:
    unanswered(cast, fake)
    raw, headers = fake.webhook(fake.events[-1])
    same = json.dumps(json.loads(raw)).encode()
    assert same != raw
    answer = client_of().post(ADDRESS, same, content_type="application/json", headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("gateway", ["nobody", "sandboxx", "STRIPE"])
def test_an_unknown_gateway_is_not_found(gateway: str) -> None:
    answer = client_of().post(f"/billing/webhooks/{gateway}", b"{}", content_type="application/json")
    assert answer.status_code == 404


def test_the_invoice_gateway_and_an_unset_stripe_take_no_webhook() -> None:
    from salotto.billing.gateways.signatures import sign

    for name in ("invoice", "stripe"):
        headers = {"Stripe-Signature": sign(b"{}", "")}
        answer = client_of().post(
            f"/billing/webhooks/{name}", b"{}", content_type="application/json", headers=headers
        )
        assert answer.status_code == 400


def test_only_post_is_taken() -> None:
    assert client_of().get(ADDRESS).status_code == 405


def test_a_webhook_needs_no_csrf_token_and_is_limited_in_size(cast: Cast, fake: FakeStripe) -> None:
    strict = client_of(enforce_csrf_checks=True)
    unanswered(cast, fake)
    raw, headers = fake.webhook(fake.events[-1])
    answer = strict.post(ADDRESS, raw, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    huge = strict.post(ADDRESS, b" " * (256 * 1024 + 1), content_type="application/json", headers=headers)
    assert huge.status_code == 413


def test_an_event_about_what_we_do_not_know_is_kept_and_done(cast: Cast, fake: FakeStripe) -> None:
    event = {
        "id": "evt_unknown_" + str(cast.account.pk),
        "object": "event",
        "type": "invoice.created",
        "data": {"object": {"object": "invoice", "id": "in_1"}},
    }
    assert fake.deliver(event) == [200]
    row = WebhookEvent.objects.get(event_id=event["id"])
    webhooks.handle(row.pk)
    row.refresh_from_db()
    assert row.handled_at is not None and row.kind == "invoice.created"


def test_a_failure_is_written_down_and_tried_again(cast: Cast, fake: FakeStripe) -> None:
    payment = unanswered(cast, fake)
    fake.deliver(fake.events[-1])
    (row,) = rows(fake)
    WebhookEvent.objects.filter(pk=row.pk).update(body=b"no json")
    with pytest.raises(Exception, match="form"):
        webhooks.handle(row.pk)
    row.refresh_from_db()
    assert row.handled_at is None and "Forged" in row.problem
    WebhookEvent.objects.filter(pk=row.pk).update(body=json.dumps(fake.events[-1]).encode())
    webhooks.handle(row.pk)
    row.refresh_from_db()
    assert row.handled_at is not None and row.problem == ""
    assert state(cast, payment) == PaymentState.PAID


def test_another_gateways_event_does_not_touch_a_payment(cast: Cast, fake: FakeStripe) -> None:
    shop.use_gateway(cast.primary_admin, "sandbox")
    shop.add_card(cast.primary_admin, ASKS)
    payment = shop.buy(cast.primary_admin, 3)
    event = {
        "id": f"evt_cross_{cast.account.pk}",
        "type": "payment_intent.succeeded",
        "data": {
            "object": {
                "object": "payment_intent",
                "id": payment.intent,
                "metadata": {"salotto_payment": str(payment.pk)},
            }
        },
    }
    assert fake.deliver(event) == [200]
    webhooks.handle(WebhookEvent.objects.get(event_id=event["id"]).pk)
    assert state(cast, payment) == PaymentState.CHARGING


def test_the_sandbox_tells_by_the_same_door(cast: Cast) -> None:
    by = cast.primary_admin
    shop.add_card(by, "4000000000007726")
    payment = shop.buy(by, 3)
    assert payment.state == PaymentState.CHARGING
    (event,) = SandboxObject.objects.filter(kind="event", data__key=str(payment.pk))
    for _ in range(2):
        deliver_sandbox_webhook(event_id=event.id)
    row = WebhookEvent.objects.get(source="sandbox", event_id=event.id)
    webhooks.handle(row.pk)
    assert state(cast, payment) == PaymentState.PAID
    raw, headers = sandbox_webhook(event.id)
    answer = client_of().post(
        "/billing/webhooks/sandbox", raw, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200
    assert waiting(row) == 1


ODD = {
    "numbers": b'{"id":1,"kind":2,"intent":3,"key":4}',
    "no object": b"[]",
    "nothing": b"null",
    "deep": b"[" * 100_000,
    "deep in it": b'{"id":"odd-1","kind":' + b"[" * 100_000,
    "a zero byte": b'{"id":"odd-2","kind":"b","intent":"\\u0000","key":"z"}',
    "an object for a name": b'{"id":"odd-3","kind":"b","intent":{"x":1},"key":"z"}',
    "a list for a key": b'{"id":"odd-4","kind":"b","intent":"i","key":["q"]}',
    "too long": b'{"id":"odd-5","kind":"b","intent":"' + b"x" * 100_000 + b'","key":"z"}',
    "half a character": b'{"id":"odd-6","kind":"b","intent":"\\ud800","key":"z"}',
    "half a kind": b'{"id":"odd-7"}',
}


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD)
def test_what_is_signed_and_makes_no_sense_is_refused_and_not_stored(cast: Cast, raw: bytes) -> None:
    before = WebhookEvent.objects.count()
    headers = {HEADER: signatures.sign(raw, _secret())}
    answer = cast.client().post(
        "/billing/webhooks/sandbox", raw, content_type="application/json", headers=headers
    )
    assert answer.status_code == 400
    assert WebhookEvent.objects.count() == before


STRIPE_ODD = {
    "numbers": {"id": 1, "type": 2, "data": {"object": {}}},
    "a list for the payment": {"id": "evt_1", "type": "t", "data": {"object": {"payment_intent": ["x"]}}},
    "a zero byte": {"id": "evt_2", "type": "t", "data": {"object": {"payment_intent": "\x00"}}},
    "no object": {"id": "evt_3", "type": "t", "data": {"object": []}},
    "a list for our key": {
        "id": "evt_4",
        "type": "t",
        "data": {"object": {"object": "payment_intent", "id": "pi_1", "metadata": {OUR_KEY: ["q"]}}},
    },
}


@pytest.mark.parametrize("event", STRIPE_ODD.values(), ids=STRIPE_ODD)
def test_an_odd_event_of_stripe_is_refused(fake: FakeStripe, event: dict[str, object]) -> None:
    with pytest.raises(Forged):
        gateway("stripe").parse_webhook(json.dumps(event).encode())


def test_the_key_is_free_text_and_stands_for_nothing_unless_it_is_ours(fake: FakeStripe) -> None:
    about = {"object": "payment_intent", "id": "pi_1", "metadata": {OUR_KEY: "a note \x00"}}
    raw = json.dumps({"id": f"evt_{uuid4().hex}", "type": "t", "data": {"object": about}}).encode()
    row = WebhookEvent.objects.create(source="stripe", event_id=uuid4().hex, kind="t", body=raw)
    webhooks.handle(row.pk)
    row.refresh_from_db()
    assert row.handled_at is not None


def test_events_are_forgotten_three_months_after_they_were_handled() -> None:
    old, young = clock.now() - webhooks.KEEP * 2, clock.now()
    made = {
        name: WebhookEvent.objects.create(
            source="sandbox", event_id=uuid4().hex, kind="t", body=b"", handled_at=at, received_at=old
        ).pk
        for name, at in {"old": old, "young": young, "never handled": None}.items()
    }
    things = {
        (kind, at): SandboxObject.objects.create(id=uuid4().hex, kind=kind, created_at=at).pk
        for kind in ("event", "removed card", "payment", "card", "customer")
        for at in (old, young)
    }
    while webhooks.forget_events(limit=1):
        pass
    left = set(WebhookEvent.objects.filter(pk__in=made.values()).values_list("pk", flat=True))
    assert left == {made["young"], made["never handled"]}
    WebhookEvent.objects.filter(pk__in=left).delete()
    gone = {key for key, pk in things.items() if not SandboxObject.objects.filter(pk=pk).exists()}
    SandboxObject.objects.filter(pk__in=things.values()).delete()
    assert gone == {("event", old), ("removed card", old)}
