"""What becomes of a mail to many: who did not get it, why, and the way back to it."""

from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from salotto.channels.email.actions.bulk import continue_batch, queue_many
from salotto.channels.email.models import Batch, BatchRecipient, Mail
from salotto.channels.email.queries import composer
from salotto.core.tenancy import account_scope
from tests.cast import Cast, found_cast
from tests.channels.email.post import person
from tests.desk.mails import open_box


def sent(cast: Cast, people: list[str]) -> Batch:
    """A mail to these people whose conversations are made."""
    box = open_box(cast)
    batch = queue_many(box.mailbox.pk, people, "Closed in August", "We are away.", cast.agent, uuid4())
    for _ in range(0, len(people), 20):
        continue_batch(cast.account.pk, batch.pk)
    return batch


def fails(cast: Cast, batch: Batch, address: str, state: str, words: str) -> int:
    """The mail to this person does not arrive; its conversation."""
    with account_scope(cast.account.pk):
        found = BatchRecipient.objects.get(batch=batch, address=address)
        mails = Mail.objects.filter(conversation_id=found.conversation_id, kind="bulk")
        assert mails.update(state=state, error=words) == 1
    assert found.conversation_id is not None
    return int(found.conversation_id)


def test_who_did_not_get_it_is_named_with_the_servers_words() -> None:
    cast = found_cast()
    anna, bo, carla = (person(name) for name in ("anna", "bo", "carla"))
    batch = sent(cast, [f"Anna Rossi <{anna}>", bo, carla])
    first = fails(cast, batch, anna, "failed", "550 5.1.1 no such user")
    second = fails(cast, batch, bo, "bounced", "552 mailbox full")
    client = cast.client(cast.agent)
    page = client.get(f"/a/{cast.slug}/mail/many/{batch.pk}/").content.decode()
    assert "Who did not get it" in page and "Anna Rossi" in page and anna in page
    assert "550 5.1.1 no such user" in page and "552 mailbox full" in page
    assert f'href="/a/{cast.slug}/c/{first}/">Anna Rossi</a>' in page
    assert f'href="/a/{cast.slug}/c/{second}/">{bo}</a>' in page
    assert carla not in page
    assert "This address does not exist." in page and "This mailbox is full." in page
    assert "Try 1 mail again" in page and "Came back</span><b>1</b>" in page
    table = client.get(f"/a/{cast.slug}/mail/many/{batch.pk}/lost.csv").content.decode()
    assert f"Anna Rossi,{anna},This address does not exist.,550 5.1.1 no such user" in table
    assert f"\n,{bo},This mailbox is full.," in table.replace("\r", "")  # without a name: an empty cell
    client.post(f"/a/{cast.slug}/mail/many/{batch.pk}/retry/")
    with account_scope(cast.account.pk):
        states = Mail.objects.filter(conversation__in=(first, second)).order_by("conversation")
        assert list(states.values_list("state", flat=True)) == ["failed", "queued"]


def test_where_all_got_it_nobody_is_named_and_the_page_is_found_again() -> None:
    cast = found_cast()
    batch = sent(cast, [person()])
    client = cast.client(cast.agent)
    assert "Who did not get it" not in client.get(f"/a/{cast.slug}/mail/many/{batch.pk}/").content.decode()
    page = client.get(f"/a/{cast.slug}/mail/many/").content.decode()
    assert "Sent before" in page
    assert f'href="/a/{cast.slug}/mail/many/{batch.pk}/">Closed in August</a>' in page
    assert "Sent before" not in cast.client(cast.outsider).get(f"/a/{cast.slug}/mail/many/").content.decode()


def test_the_list_goes_on_by_key_with_one_query() -> None:
    cast = found_cast()
    people = [person(f"p{n}") for n in range(5)]
    batch = sent(cast, people)
    for address in people:
        fails(cast, batch, address, "failed", "no")
    with account_scope(cast.account.pk):
        with CaptureQueriesContext(connection) as asked:
            first = composer.lost_of(batch.pk, 0, 3)
        rest = composer.lost_of(batch.pk, first[-1].id, 3)
    assert [one.address for one in [*first, *rest]] == people
    assert len(asked) == 1 and "OFFSET" not in asked[0]["sql"]
    shown = cast.client(cast.agent).get(f"/a/{cast.slug}/mail/many/{batch.pk}/?after={rest[-1].id}")
    assert "Nobody else." in shown.content.decode()
