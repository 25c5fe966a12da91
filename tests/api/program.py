"""A program with a token, and whether what it is told is what the document promises."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

from salotto.accounts.actions import create_token
from salotto.accounts.members import Member
from salotto.api.document import document
from tests.billing.shop import CURRENCY, price
from tests.cast import some_address

PROMISED = re.compile(r"{[^}]+}")


@dataclass(frozen=True)
class Told:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def replayed(self) -> bool:
        return self.headers.get("idempotency-replayed") == "true"


class Program:
    """Somebody's program; every answer of JSON is compared with the document."""

    def __init__(self, member: Member | None = None, **headers: str) -> None:
        self.secret = create_token("A program", member)[1] if member else ""
        self.client = Client(REMOTE_ADDR=some_address(), enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        self.headers.update(headers)

    def ask(self, method: str, path: str, body: Any = None, key: str = "", **headers: str) -> Told:
        """One request below /api/v1/; a body that is not bytes is sent as JSON."""
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {**self.headers, **({"Idempotency-Key": key} if key else {}), **headers}
        got = self.client.generic(method, f"/api/v1/{path}", sent, "application/json", headers=given)
        told = Told(got.status_code, {k.lower(): v for k, v in got.items()}, got.content)
        if told.headers["content-type"].startswith("application/json"):
            must_be_promised(method, path, told)
        return told

    def get(self, path: str, **headers: str) -> Told:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, key: str = "", **headers: str) -> Told:
        return self.ask("POST", path, body, key, **headers)

    def put(self, path: str, body: Any = None, key: str = "") -> Told:
        return self.ask("PUT", path, body, key)

    def delete(self, path: str, key: str = "") -> Told:
        return self.ask("DELETE", path, None, key)

    def quote(self, add: int = 3, **more: Any) -> Any:
        """A quote in the currency of tests."""
        price(CURRENCY)
        return self.post("quotes", {"add": add, "currency": CURRENCY, **more}).json

    def buy(self, add: int = 3, key: str = "", **more: Any) -> Told:
        """Quote and buy in one go."""
        return self.post("purchases", {"quote": self.quote(add, **more)["token"], "add": add}, key)


def operation(method: str, path: str) -> Any:
    """What the document says about an operation, or None."""
    wanted = "/api/v1/" + path.partition("?")[0]
    for shape, operations in document()["paths"].items():
        if re.fullmatch(PROMISED.sub("[^/]+", shape), wanted):
            return operations.get(method.lower())
    return None


def must_be_promised(method: str, path: str, told: Told) -> None:
    """The answer has a status of the document, and its shape."""
    if path == "openapi.json":
        return
    known = operation(method, path)
    if known is None:
        schema = {"$ref": "#/components/schemas/Error"}
    else:
        assert told.status in known["responses"], f"{method} {path}: {told.status} is not documented"
        schema = known["responses"][told.status]["content"]["application/json"]["schema"]
    assert list(faults(told.json, schema)) == [], told.body


KINDS: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "number": (int, float),
}  # fmt: skip
FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}


def faults(value: Any, schema: Any, at: str = "$") -> list[str]:
    """Where a value is not what a JSON schema says; the part of the language that we use."""
    if "$ref" in schema:
        return faults(value, document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], at)
    if "anyOf" in schema:
        tried = [faults(value, one, at) for one in schema["anyOf"]]
        return [] if [] in tried else [f"{at}: none of {len(tried)}: {tried}"]
    if "allOf" in schema:
        return [fault for one in schema["allOf"] for fault in faults(value, one, at)]
    kind = schema.get("type")
    if kind == "integer":
        fits = isinstance(value, int) and not isinstance(value, bool)
    else:
        fits = kind is None or isinstance(value, KINDS[kind])
    if not fits:
        return [f"{at}: {value!r} is no {kind}"]
    return [*_values(value, schema, at), *_inside(value, schema, at)]


def _values(value: Any, schema: Any, at: str) -> list[str]:
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r} is not {schema['const']}")
    if schema.get("format") in FORMATS and not FORMATS[schema["format"]].fullmatch(value):
        found.append(f"{at}: {value!r} is no {schema['format']}")
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        found.append(f"{at}: {value} is out of bounds")
    return found


def _inside(value: Any, schema: Any, at: str) -> list[str]:
    if isinstance(value, list):
        return [fault for n, one in enumerate(value) for fault in faults(one, schema["items"], f"{at}[{n}]")]
    if not isinstance(value, dict):
        return []
    known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name in known:
            found += faults(one, known[name], f"{at}.{name}")
        elif rest is False:
            found.append(f"{at}: {name} is not promised")
        elif isinstance(rest, dict):
            found += faults(one, rest, f"{at}.{name}")
    return found
