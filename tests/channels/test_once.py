"""A server that dies in the middle: every message is written once, whatever was answered."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from uuid import UUID, uuid4

from tests.channels.sites import Shop
from tests.servers import Visitor, running


def test_a_killed_server_loses_and_doubles_nothing(shop: Shop) -> None:
    """It is killed under load; each sender tries again what was not answered, with the same id."""
    with running(SALOTTO_VISITOR_RATE="6000", SALOTTO_ADDRESS_RATE="60000") as server:
        visitors = [shop.visitor(server) for _ in range(8)]
        unsent: dict[UUID, str] = {uuid4(): f"message {n}" for n in range(400)}
        answered: dict[UUID, int] = {}

        def send(number: int, message: UUID) -> None:
            if len(answered) >= 60 and server.process.poll() is None:
                server.process.kill()
            visitor: Visitor = visitors[number % len(visitors)]
            try:
                answer = visitor.say(unsent[message], message)
            except (OSError, HTTPException):
                return
            if answer.status == 200:
                answered[message] = answer.json["message"]["id"]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(send, range(400), list(unsent)))
        assert 60 <= len(answered) < 400
        server.process.wait()
        server.kill()
        before = dict(answered)
        server.start_again()
        order = {message: n for n, message in enumerate(unsent)}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda m: retry(visitors[order[m] % 8], m, unsent[m], answered), list(unsent)))
        assert answered == {**answered, **before}
        assert Counter(shop.bodies()) == Counter(unsent.values())


def retry(visitor: Visitor, message: UUID, body: str, answered: dict[UUID, int]) -> None:
    """Send again, also what was answered: the answer is the same."""
    answer = visitor.say(body, message)
    assert answer.status == 200
    assert answered.setdefault(message, answer.json["message"]["id"]) == answer.json["message"]["id"]
