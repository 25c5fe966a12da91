"""One contact per address, whoever looks for it and whichever way it is written."""

from django.db import transaction

from salotto.core.tenancy import account_scope
from salotto.inbox.actions import contact_of, contacts_of
from salotto.inbox.models import Contact
from tests.channels.email.post import letter, open_post, person
from tests.threads import at_once


def test_mail_in_and_mail_out_find_the_same_contact() -> None:
    post = open_post()
    anna = person("Anna")
    with account_scope(post.account), transaction.atomic():
        made = contact_of(post.account, anna, "Anna")
    post.receive(letter(anna.upper(), post.address))
    assert [found.contact_id for found in post.conversations()] == [made.pk]
    with account_scope(post.account), transaction.atomic():
        assert contact_of(post.account, anna.lower()).pk == made.pk


def test_whoever_looks_at_once_gets_one_contact() -> None:
    post = open_post()
    people = [person() for _ in range(5)]

    def by_mail() -> list[int]:
        with account_scope(post.account), transaction.atomic():
            return list(contacts_of(post.account, dict.fromkeys(people, "")).values())

    def by_hand() -> list[int]:
        with account_scope(post.account), transaction.atomic():
            return [contact_of(post.account, email).pk for email in sorted(people)]

    found = at_once(by_mail, by_mail)
    assert sorted(found[0]) == sorted(found[1])
    assert sorted(by_hand()) == sorted(found[0])


def test_addresses_beyond_ascii_are_found_again() -> None:
    post = open_post()
    email = f"ÉMILIE-{person()}".lower()
    with account_scope(post.account), transaction.atomic():
        one, two = (contacts_of(post.account, {email: "Émilie"})[email] for _ in range(2))
        assert one == two
        assert Contact.objects.get(pk=one).name == "Émilie"
