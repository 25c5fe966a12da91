"""Mails that were not taken in, for whoever runs the server, on the command line."""

import json
from typing import Any

import pytest

from salotto.channels.email.actions.storing import Arrival, store
from salotto.channels.email.models import RawMail
from salotto.cli import house, main
from salotto.core.tenancy import account_scope
from tests.channels.email.post import Post, letter, open_post, person


@pytest.fixture
def salotto(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command on the database of the tests: exit code, stdout, stderr."""
    monkeypatch.setattr(house, "visit", lambda options: options)
    monkeypatch.setattr(house, "load_django", lambda: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        return (main(["email", *arguments]), *capsys.readouterr())

    return run


def unrouted(post: Post, to: str) -> int:
    with account_scope(post.account):
        store(post.account, None, [Arrival("lmtp", letter(person(), to, subject="Lost"), recipients=(to,))])
        return int(RawMail.objects.latest("id").pk)


def test_mails_that_wait_are_listed_routed_and_tried_again(salotto: Any) -> None:
    post = open_post()
    lost, mine = unrouted(post, "nobody@elsewhere.example"), unrouted(post, post.address)
    (waits,) = post.store(letter(person(), post.address))
    found = json.loads(salotto("waiting", "--account", post.owner.account.slug, "--json")[1])
    assert [(row["mail"], row["state"]) for row in found] == [
        (waits, "waiting"), (mine, "unrouted"), (lost, "unrouted"),
    ]  # fmt: skip
    assert (found[1]["subject"], found[1]["account"]) == ("Lost", post.owner.account.slug)
    assert f"{lost}" in salotto("waiting", "--before", str(lost + 1))[1]
    assert salotto("route", str(mine))[0] == 0
    code, _, why = salotto("route", str(lost))
    assert (code, "Name the mailbox" in why) == (2, True)
    assert salotto("route", str(lost), str(post.mailbox.pk))[0] == 0
    assert salotto("retry", str(waits))[0] == 0
    assert post.take_in().done == 3
    assert salotto("retry", str(waits))[0] == 1
    assert salotto("retry", "999999999")[0] == 1
