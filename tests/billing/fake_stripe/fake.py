"""The fake's HTTP server, its idempotency, its faults, and the controls of tests."""

import json
import threading
from collections.abc import Iterable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from salotto.billing.gateways.signatures import sign
from tests.billing.fake_stripe.world import Object, Params, StripeProblem, World

FAULTS = ("lose_request", "lose_answer", "fail_before", "fail_after", "busy", "in_progress", "hold")
PATIENCE = 20.0
"""Seconds that a held answer waits at most."""

Answer = tuple[int, Object]


class FakeStripe:
    """One Stripe account. `requests` holds (method, path) of all that arrived, in order."""

    secret_key = "sk_test_fake"
    publishable_key = "pk_test_fake"
    webhook_secret = "whsec_fake"

    def __init__(self) -> None:
        self.world = World()
        self.requests: list[tuple[str, str]] = []
        self.versions: set[str] = set()
        self._faults: list[tuple[str, str, int]] = []
        self._answers: dict[str, tuple[Any, Answer | None]] = {}
        self._released = threading.Event()
        self.held = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True)

    def __enter__(self) -> "FakeStripe":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The base address of its API."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    # Controls

    def next(self, fault: str, what: str = "", times: int = 1) -> None:
        """The next `times` requests whose path holds `what` meet this fault, one of `FAULTS`."""
        assert fault in FAULTS
        self._faults.append((fault, what, times))

    def release(self) -> None:
        """Let held answers go; `held` is set while one waits."""
        self._released.set()

    def enter_card(self, setup_intent: str, number: str = "4242424242424242") -> str:
        """The customer types a test card into Stripe's element; the payment method's id."""
        return str(self.world.enter_card(setup_intent, number)["id"])

    def authenticate(self, intent: str, *, passed: bool = True) -> None:
        """The customer answers the bank."""
        self.world.authenticate(intent, passed)

    @property
    def events(self) -> list[Object]:
        """Everything that Stripe would tell, in order; nothing is delivered by itself."""
        return list(self.world.events)

    def webhook(self, event: Object, at: datetime | None = None) -> tuple[bytes, dict[str, str]]:
        """An event as raw bytes and headers, signed as of `at` or now."""
        raw = json.dumps(event, indent=2).encode()
        moment = None if at is None else int(at.timestamp())
        return raw, {"Stripe-Signature": sign(raw, self.webhook_secret, moment)}

    def deliver(self, *events: Object, times: int = 1) -> list[int]:
        """Post these events to our address, each `times` times; the answers' statuses."""
        from tests.cast import client_of

        client = client_of()
        webhooks = [self.webhook(event) for event in events for _ in range(times)]
        return [
            client.post(
                "/billing/webhooks/stripe", raw, content_type="application/json", headers=headers
            ).status_code
            for raw, headers in webhooks
        ]

    # Looking at it

    def payments(self) -> list[Object]:
        """All PaymentIntents."""
        return [o for o in self.world.objects.values() if o["object"] == "payment_intent"]

    def captured(self, currency: str, key: str | None = None) -> int:
        """What cards were charged, in Stripe's units; of one of our payments with `key`."""
        return sum(p["amount_received"] for p in _of(self.payments(), currency, key))

    def refunded(self, currency: str) -> int:
        """What went back, in Stripe's units."""
        charges = [self.world.objects.get(p["latest_charge"] or "") for p in _of(self.payments(), currency)]
        return sum(c["amount_refunded"] for c in charges if c)

    def forget_keys(self) -> None:
        """A day has passed: idempotency keys are not known any more."""
        self._answers.clear()

    # One request

    def answer(self, method: str, path: str, params: Params, key: str) -> Answer | None:
        """Status and body, or None: the connection is closed without an answer."""
        with self.world.lock:
            self.requests.append((method, path))
            fault = self._fault(path)
        if fault == "lose_request":
            return None
        if fault == "hold":
            self.held.set()
            self._released.wait(PATIENCE)
        done = self._limits(fault) or self._once(method, path, params, key, fault)
        return None if fault == "lose_answer" else done

    def _fault(self, path: str) -> str:
        for index, (fault, what, times) in enumerate(self._faults):
            if what in path:
                self._faults[index : index + 1] = [(fault, what, times - 1)] if times > 1 else []
                return fault
        return ""

    def _limits(self, fault: str) -> Answer | None:
        if fault == "busy":
            return 429, {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Slow."}}
        if fault == "in_progress":
            return 409, {"error": {"type": "idempotency_error", "message": "This key is in use."}}
        return None

    def _once(self, method: str, path: str, params: Params, key: str, fault: str) -> Answer:
        """The same key and parameters give the same answer, also a failure; others an error."""
        if method != "POST" or not key:
            return self._perform(method, path, params, fault)
        with self.world.lock:
            asked = (path, params)
            if key not in self._answers:
                self._answers[key] = (asked, self._perform(method, path, params, fault))
            known, answer = self._answers[key]
            if known != asked or answer is None:
                message = "Keys for idempotent requests can only be used with the same parameters."
                return 400, {"error": {"type": "idempotency_error", "message": message}}
            return answer

    def _perform(self, method: str, path: str, params: Params, fault: str) -> Answer:
        broken = 500, {"error": {"type": "api_error", "message": "Something went wrong at Stripe."}}
        if fault == "fail_before":
            return broken
        try:
            done: Answer = 200, self.world.perform(method, path, params)
        except StripeProblem as problem:
            done = problem.status, {"error": problem.error}
        return broken if fault == "fail_after" else done


def _of(payments: Iterable[Object], currency: str, key: str | None = None) -> list[Object]:
    ours = [p for p in payments if key is None or p["metadata"].get("salotto_payment") == key]
    return [p for p in ours if p["currency"] == currency.lower()]


def nested(pairs: Iterable[tuple[str, str]]) -> Params:
    """`a[b]=1&c[0]=2` as {"a": {"b": "1"}, "c": ["2"]}."""
    found: Params = {}
    for name, value in pairs:
        head, *rest = name.replace("]", "").split("[")
        if not rest:
            found[head] = value
        elif rest[0] in ("", "0") or rest[0].isdecimal():
            found.setdefault(head, []).append(value)
        else:
            found.setdefault(head, {})[rest[0]] = value
    return found


def _handler_of(fake: FakeStripe) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._do("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._do("POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

        def _do(self, method: str, form: str) -> None:
            fake.versions.add(self.headers.get("Stripe-Version", ""))
            if self.headers.get("Authorization") != f"Bearer {fake.secret_key}":
                error = {"type": "invalid_request_error", "message": "Invalid API Key provided."}
                return self._send((401, {"error": error}))
            params = nested(parse_qsl(form, keep_blank_values=True))
            key = self.headers.get("Idempotency-Key", "")
            self._send(fake.answer(method, urlsplit(self.path).path, params, key))

        def _send(self, answer: Answer | None) -> None:
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Request-Id", "req_fake")
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    return Handler
