"""The OpenAPI document says everything that a program has to know, and is true."""

import json
import subprocess
import sys
from typing import Any

import pytest

from salotto.api.document import MEANS, document
from tests.api.program import Program, faults

METHODS = {"get", "post", "put", "delete"}
OPERATIONS = [(method, path) for path, here in document()["paths"].items() for method in here]
SCHEMAS = document()["components"]["schemas"]


def operation(method: str, path: str) -> Any:
    return document()["paths"][path][method]


def refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        here = {node["$ref"]} if "$ref" in node else set()
        return here.union(*(refs(one) for one in node.values()))
    return set().union(*(refs(one) for one in node)) if isinstance(node, list) else set()


def test_it_is_given_to_everybody_and_is_json() -> None:
    told = Program().get("openapi.json")
    assert (told.status, told.json["openapi"], told.json["info"]["version"]) == (200, "3.1.0", "1")
    assert told.json == json.loads(json.dumps(document()))


def test_it_lists_every_address_and_no_other() -> None:
    from salotto.api.urls import urlpatterns

    listed = {path.removeprefix("/api/v1/") for path in document()["paths"]}
    served = {str(one.pattern) for one in urlpatterns} - {"", "openapi.json", "<path:rest>"}
    assert {path.replace("{", "<").replace("}", ">") for path in listed} == {
        path.replace("int:", "").replace("uuidstr:", "") for path in served
    }


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_is_described(method: str, path: str) -> None:
    here = operation(method, path)
    assert method in METHODS
    assert len(here["summary"]) > 10 and len(here["description"]) > 10
    assert here["security"] == [{"Bearer": []}] and here["tags"]
    assert {401, 403, 429, 500, 503} < set(here["responses"])
    assert any(200 <= code < 300 for code in here["responses"])
    for code, response in here["responses"].items():
        assert response["description"] == MEANS[code]
        assert response["content"]
    assert all(one["description"] or "{" in path for one in here["parameters"] if one["in"] != "path")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_writes_takes_a_key_and_nothing_else_does(method: str, path: str) -> None:
    names = {one["name"] for one in operation(method, path)["parameters"]}
    assert ("Idempotency-Key" in names) == (method != "get")


def test_names_of_operations_are_unique() -> None:
    names = [operation(*one)["operationId"] for one in OPERATIONS]
    assert len(names) == len(set(names)) == len(OPERATIONS) == 17


def test_every_reference_leads_somewhere() -> None:
    assert {ref.rsplit("/", 1)[1] for ref in refs(document())} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_described_and_its_example_is_one(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["description"]
    assert schema["additionalProperties"] is False
    assert schema["examples"]
    for example in schema["examples"]:
        assert faults(example, schema) == []


def test_the_check_of_answers_sees_an_offender() -> None:
    money = {"amount": 3800, "currency": "EUR", "shown": "€38.00"}
    ref = {"$ref": "#/components/schemas/Money"}
    assert faults(money, ref) == []
    for wrong in (
        {**money, "amount": 38.0},
        {**money, "amount": True},
        {**money, "more": 1},
        {"amount": 1},
        [],
    ):
        assert faults(wrong, ref)
    assert faults({"id": 1, "name": None}, {"$ref": "#/components/schemas/Named"})


def test_a_server_without_programs_does_not_carry_the_api() -> None:
    """Links are made and pages answered without ninja and pydantic, which come with a first request."""
    source = """
import sys, django
django.setup()
from django.urls import get_resolver, reverse
assert reverse("account_login") == "/login/"
assert get_resolver().resolve("/login/").url_name == "account_login"
assert not {"ninja", "pydantic", "salotto.api.rest"} & set(sys.modules)
get_resolver().resolve("/api/v1/seats")
assert "ninja" in sys.modules
"""
    subprocess.run([sys.executable, "-c", source], check=True, timeout=60)
