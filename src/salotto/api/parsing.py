"""Reading a body: one JSON object in UTF-8, no name twice, no NaN, no half characters."""

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

Object = dict[str, Any]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _once_each(pairs: list[tuple[str, Any]]) -> Object:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


_JSON = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_once_each)


def read(body: bytes) -> Object:
    """The object; raises ValueError for anything else."""
    try:
        value = _JSON.decode(body.decode())
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def canonical(body: bytes) -> str:
    """The body's meaning, however it is written; of what is no object, its bytes."""
    try:
        return json.dumps(read(body), sort_keys=True)
    except ValueError:
        return body.hex()


class StrictParser(Parser):
    """ninja's parser, with our reading."""

    def parse_body(self, request: HttpRequest) -> Object:
        """The body's object; ninja answers a ValueError with 400."""
        return read(request.body)
