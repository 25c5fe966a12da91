"""What programs send and get, exactly: unknown fields are refused, and nothing is converted.

Money is `Money`: whole minor units. Instants are ISO 8601 in UTC. These classes are the
schemas of the OpenAPI document; their texts are for developers, in English.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

MOST = 2**31 - 1
SUMMER = "2026-06-11T00:00:00Z"
MONTH = "2026-07-01T00:00:00Z"


class Strict(BaseModel):
    """The base of all: no unknown field, no conversion."""

    model_config = ConfigDict(extra="forbid", strict=True)


def shows(**example: Any) -> ConfigDict:
    """The configuration of a schema with an example."""
    return ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [example]})


EUROS = {"amount": 3800, "currency": "EUR", "shown": "€38.00"}
ZERO = {"amount": 0, "currency": "EUR", "shown": "€0.00"}
QUOTE = "0d9f6a3e-7c1b-4f0a-9a52-1f0a6f3b7c11"
OFFER = "eyJ…:1wK…:9x…"
JUNE = "2026-06-01T00:00:00Z"
ROW: dict[str, Any] = {
    "id": 41, "name": "2026-000123", "kind": "invoice", "state": "paid", "issued_at": SUMMER,
    "payable_until": SUMMER, "total": EUROS, "due": EUROS,
}  # fmt: skip
PARTY = {
    "name": "Bottega Serena", "address": "Via Roma 1", "country": "IT", "vat_number": "", "email": "",
    "reference": "",
}  # fmt: skip
PERSON: dict[str, Any] = {"id": 12, "name": "Giulia Conti"}

Count = Annotated[int, Field(ge=1, le=MOST, description="A number of seats, a whole number.")]
Cycle = Literal["month", "year"]
Level = Literal["agent", "viewer", "none"]
Next = Annotated[str | None, Field(description="The cursor of the following page: send it as `after`.")]


class Money(Strict):
    """An amount of money."""

    model_config = shows(**EUROS)

    amount: int = Field(description="Minor units: 3800 EUR is €38.00, 3800 JPY is ¥3,800.")
    currency: str = Field(description="ISO 4217.", min_length=3, max_length=3)
    shown: str = Field(description="As people read it, in the language of the request.")


class Problem(Strict):
    """Why something was refused."""

    model_config = shows(
        code="no_free_seat", message="All 20 seats are in use. Nothing was changed.", field=None
    )

    code: str = Field(description="Stable, for programs.")
    message: str = Field(
        description="For people, in the language of the request: what was not changed, what to do."
    )
    field: str | None = Field(None, description="The field that it is about, where there is one.")


class Error(Strict):
    """The answer to every refused request."""

    model_config = shows(
        error={"code": "bad_quantity", "message": "Enter a whole number of seats, 1 or more.", "field": "add"}
    )

    error: Problem


class Named(Strict):
    """A person."""

    model_config = shows(**PERSON)

    id: int = Field(description="The user's id.")
    name: str


class Renewal(Strict):
    """The next renewal, if nothing changes until then."""

    model_config = shows(
        at=MONTH, seats=8, cycle="month", subtotal=EUROS, tax=ZERO, total=EUROS, amount=EUROS
    )

    at: datetime
    seats: int
    cycle: Cycle
    subtotal: Money
    tax: Money
    total: Money = Field(description="What the invoice will say.")
    amount: Money = Field(
        description="What the payment method will be charged with: less what is on the balance."
    )


class Seats(Strict):
    """The account's plan."""

    model_config = shows(
        state="active", read_only=False, seats=8, in_use=5, free=3, quantity_next=8, cycle="month",
        cycle_next="month", currency="EUR", period_end=MONTH, trial_ends_at=None, renewal=None,
    )  # fmt: skip

    state: Literal["trial", "lapsed", "active", "past_due", "unpaid", "ended"]
    read_only: bool = Field(description="Nobody may answer, because something is unpaid (rules 20 and 21).")
    seats: int = Field(description="Seats that can be used now.")
    in_use: int = Field(description="Agents: each holds one seat.")
    free: int
    quantity_next: int = Field(description="Seats that the next renewal takes; 0 before the first purchase.")
    cycle: Cycle = Field(description="How often the plan renews, or would after a first purchase.")
    cycle_next: Cycle = Field(description="The same from the next renewal on.")
    currency: str | None = Field(description="ISO 4217; null before the first purchase.")
    period_end: datetime | None = Field(description="The end of the paid period.")
    trial_ends_at: datetime | None
    renewal: Renewal | None


class SeatChange(Strict):
    """A row of the seat ledger, which is only ever appended to."""

    model_config = shows(
        id=71,
        at=SUMMER,
        kind="bought",
        seats=8,
        seats_at_renewal=8,
        reason="invoice 2026-000123",
        actor=PERSON,
    )

    id: int
    at: datetime
    kind: str = Field(
        description="trial_started, trial_over, not_sold, bought, renewed, removal_scheduled,"
        " removal_withdrawn or removed."
    )
    seats: int = Field(description="Seats from then on.")
    seats_at_renewal: int = Field(description="Seats from the renewal on that was the next one then.")
    reason: str
    actor: Named | None = Field(description="Null for Salotto itself.")


class SeatChanges(Strict):
    """A page of the seat ledger, newest first."""

    model_config = shows(rows=[], next="71")

    rows: list[SeatChange]
    next: Next


class Person(Strict):
    """Somebody in the account."""

    model_config = shows(
        id=14, name="Sara Bianchi", email="sara@bottegaserena.example", role="member", access="agent"
    )

    id: int = Field(description="The user's id.")
    name: str
    email: str
    role: Literal["primary_admin", "admin", "member"]
    access: Level = Field(description="An agent answers and holds a seat, a viewer reads only.")


class People(Strict):
    """A page of members, by name."""

    model_config = shows(rows=[], next=None)

    rows: list[Person]
    next: Next


class Assign(Strict):
    """What somebody is to be from now on."""

    model_config = shows(level="viewer", hand_to=14)

    level: Level
    hand_to: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = Field(
        None,
        description="When an agent is released: the user id of the agent who takes over the open"
        " conversations, or null for nobody. Needed if there are any (rule 17).",
    )


class QuoteIn(Strict):
    """Of what the price is asked for."""

    model_config = shows(add=3)

    add: Count
    currency: str | None = Field(
        None, min_length=3, max_length=3, description="Matters for a first purchase only. ISO 4217."
    )
    cycle: Cycle | None = Field(None, description="Matters for a first purchase only.")


class Tax(Strict):
    """The tax on a quote."""

    model_config = shows(name="VAT", basis_points=2200, note="", amount=EUROS)

    name: str
    basis_points: int = Field(description="2200 is 22 %.")
    note: str = Field(description="Why there is none: reverse_charge or export; else empty.")
    amount: Money


class Following(Strict):
    """What each following period costs."""

    model_config = shows(starts_at=MONTH, subtotal=EUROS, tax=ZERO, total=EUROS)

    starts_at: datetime
    subtotal: Money
    tax: Money
    total: Money


class Quote(Strict):
    """What `add` more seats cost at this instant. total = balance_used + carried + amount."""

    model_config = shows(
        id=QUOTE, token=OFFER, at=SUMMER, expires_at="2026-06-11T00:15:00Z", is_first=False, add=3,
        quantity_from=5, quantity_to=8, next_from=5, next_to=8, delta=3, unit=EUROS, cycle="month",
        period_start=JUNE, period_end=MONTH, subtotal=EUROS,
        tax={"name": "", "basis_points": 0, "note": "", "amount": ZERO}, total=EUROS, balance_used=ZERO,
        carried=ZERO, amount=EUROS, next={"starts_at": MONTH, "subtotal": EUROS, "tax": ZERO, "total": EUROS},
        gateway="stripe", needs_payment_method=False,
    )  # fmt: skip

    id: UUID = Field(description="Of the purchase too, if it is bought.")
    token: str = Field(description="Send it to `POST /purchases`, unchanged.")
    at: datetime = Field(description="The instant that the price is worked out for.")
    expires_at: datetime = Field(description="Until then it can be bought, if nothing else changes.")
    is_first: bool = Field(description="Whether it starts the plan.")
    add: int
    quantity_from: int = Field(description="Paid seats now.")
    quantity_to: int = Field(description="Paid seats afterwards.")
    next_from: int = Field(description="Seats of the next renewal now.")
    next_to: int = Field(description="Seats of the next renewal afterwards.")
    delta: int = Field(
        description="Seats that are charged now: those never paid for in this period (high-water rule)."
    )
    unit: Money = Field(description="One seat for a whole period.")
    cycle: Cycle
    period_start: datetime
    period_end: datetime
    subtotal: Money = Field(description="The share of the period that is left, without tax (rule S12).")
    tax: Tax
    total: Money
    balance_used: Money = Field(description="From the balance; negative: carried over from before.")
    carried: Money = Field(description="Carried to the next invoice: too little to be charged (rule 22).")
    amount: Money = Field(description="What is charged now, to the minor unit (rule S11).")
    next: Following
    gateway: str
    needs_payment_method: bool = Field(description="There is no payment method: add one in Billing first.")


class PurchaseIn(Strict):
    """A quote that is accepted."""

    model_config = shows(quote=OFFER, add=3)

    quote: str = Field(max_length=4000, description="The `token` of a quote.")
    add: Count = Field(description="The same number as in the quote: a safeguard.")


class InvoiceName(Strict):
    """An invoice, named."""

    model_config = shows(id=41, name="2026-000123")

    id: int
    name: str


class Purchase(Strict):
    """A purchase of seats."""

    model_config = shows(
        id=QUOTE, state="paid", quantity_from=5, quantity_to=8, next_from=5, next_to=8, delta=3, total=EUROS,
        balance_used=ZERO, carried=ZERO, amount=EUROS, created_at=SUMMER, settled_at=SUMMER,
        invoice={"id": 41, "name": "2026-000123"}, challenge=None, problem=None,
    )  # fmt: skip

    id: UUID = Field(description="The id of its quote.")
    state: Literal["charging", "paid", "failed", "cancelled"] = Field(
        description="`charging`: the outcome is not known yet, or a challenge waits for the customer."
    )
    quantity_from: int
    quantity_to: int
    next_from: int
    next_to: int
    delta: int
    total: Money
    balance_used: Money
    carried: Money
    amount: Money = Field(description="What was charged, or is being charged.")
    created_at: datetime
    settled_at: datetime | None
    invoice: InvoiceName | None = Field(description="What it has become when it is paid.")
    challenge: dict[str, str] | None = Field(
        description="What a person has to do now (3-D Secure), as the gateway says it. Only right after"
        " `POST /purchases` and `…/continue`."
    )
    problem: Problem | None = Field(description="Why it has failed.")


class InvoiceRow(Strict):
    """An invoice or credit note as a list shows it."""

    model_config = shows(**ROW)

    id: int
    name: str = Field(description="The number as it is written.")
    kind: Literal["invoice", "credit_note"]
    state: Literal["open", "paid", "void"]
    issued_at: datetime
    payable_until: datetime
    total: Money
    due: Money = Field(description="total − balance_used − carried.")


class Invoices(Strict):
    """A page of invoices, newest first."""

    model_config = shows(rows=[], next="41")

    rows: list[InvoiceRow]
    next: Next


class InvoiceLine(Strict):
    """A line of an invoice."""

    model_config = shows(
        what="seats_prorated", quantity=3, unit=EUROS, cycle="month", starts_at=JUNE, ends_at=MONTH,
        at=SUMMER, amount=EUROS, text="",
    )  # fmt: skip

    what: Literal["seats_prorated", "seats_cycle", "correction"]
    quantity: int
    unit: Money = Field(description="One seat for a whole period.")
    cycle: str
    starts_at: datetime | None
    ends_at: datetime | None
    at: datetime | None = Field(description="From when on it is charged, within the period.")
    amount: Money
    text: str


class InvoiceTax(Strict):
    """The tax at one rate."""

    model_config = shows(name="VAT", basis_points=2200, note="", base=EUROS, amount=ZERO)

    name: str
    basis_points: int
    note: str
    base: Money
    amount: Money


class Party(Strict):
    """Seller or buyer, as they were when the invoice was issued."""

    model_config = shows(**PARTY)

    name: str
    address: str
    country: str
    vat_number: str
    email: str
    reference: str


class Invoice(InvoiceRow):
    """An invoice with everything in it. It never changes, but for `state` and `paid_at`."""

    model_config = shows(
        **ROW, corrects=None, purchase=QUOTE, paid_at=SUMMER, lines=[], taxes=[], subtotal=EUROS, tax=ZERO,
        balance_used=ZERO, carried=ZERO, seller=PARTY, buyer=PARTY, gateway="stripe", language="en",
    )  # fmt: skip

    corrects: int | None = Field(description="The id of the invoice that a credit note corrects.")
    purchase: UUID | None = Field(description="The purchase that it comes from; null for a renewal.")
    paid_at: datetime | None
    lines: list[InvoiceLine]
    taxes: list[InvoiceTax]
    subtotal: Money
    tax: Money
    balance_used: Money
    carried: Money
    seller: Party
    buyer: Party
    gateway: str
    language: str


class SeatRequestIn(Strict):
    """What support is asked for."""

    model_config = shows(kind="remove", quantity=2, note="The season is over.")

    kind: Literal["remove", "add"] = Field(
        "remove", description="`add` is for when more seats are sold by support only (rule S14)."
    )
    quantity: Count
    note: str = Field("", max_length=2000)


class SeatRequest(Strict):
    """A request to support, and what became of it (rules S13 and 18)."""

    model_config = shows(
        id=3, kind="remove", state="requested", quantity=2, seats_then=8, note="The season is over.",
        asked_by=PERSON, asked_at=SUMMER, answer="", answered_at=None, effective_at=None, closed_at=None,
    )  # fmt: skip

    id: int
    kind: Literal["remove", "add"]
    state: Literal["requested", "scheduled", "declined", "withdrawn", "done"]
    quantity: int
    seats_then: int = Field(description="The account's seats when it was asked.")
    note: str
    asked_by: Named
    asked_at: datetime
    answer: str = Field(description="What support has written.")
    answered_at: datetime | None
    effective_at: datetime | None = Field(description="When a scheduled removal takes effect.")
    closed_at: datetime | None


class SeatRequests(Strict):
    """A page of requests, newest first. At most one of them is open."""

    model_config = shows(rows=[], next=None)

    rows: list[SeatRequest]
    next: Next
