"""A sign-up with somebody else's address keeps it from nobody."""

from datetime import timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress

from salotto.accounts import actions
from salotto.accounts.models import Account, User
from salotto.accounts.queries import accounts_of, member_of
from salotto.core import clock
from salotto.core.errors import Conflict
from tests.cast import PASSWORD, Cast, add_member, client_of, new_user
from tests.mailbox import link_in, mails_to

SQUATTER = "a squatter's password"


def squat(email: str | None = None) -> User:
    """Somebody has signed up on the page and confirmed nothing."""
    new_user()  # the first person on a server needs no confirmation
    email = email or f"u{uuid4().hex[:12]}@example.com"
    form = {"name": "Nemo", "account_name": "Nobody's", "email": email, "password1": SQUATTER}
    client_of().post("/signup/", form)
    return User.objects.get(email=email)


def forget_all() -> None:
    while actions.forget_unconfirmed():
        pass


def test_the_invited_owner_of_an_address_joins_although_a_stranger_has_signed_up_with_it(cast: Cast) -> None:
    squatter = squat()
    email = squatter.email
    confirmation = link_in(mails_to(email)[-1])
    actions.invite(email, by=cast.admin)
    page = link_in(mails_to(email)[-1])
    assert "password1" in client_of().get(page).content.decode()
    client = client_of()
    answer = client.post(page, {"name": "Nina Nuova", "password1": PASSWORD})
    assert answer.headers["Location"] == f"/a/{cast.slug}/"
    nina = User.objects.get(email=email)
    assert nina.pk != squatter.pk and nina.name == "Nina Nuova" and nina.check_password(PASSWORD)
    assert [member.account.pk for member in accounts_of(nina)] == [cast.account.pk]
    assert EmailAddress.objects.get(email=email).verified
    answer = client_of().post("/login/", {"login": email, "password": SQUATTER})
    assert "do not belong together" in answer.content.decode()
    client_of().post(confirmation)
    squatter.refresh_from_db()
    assert not squatter.is_active and not squatter.has_usable_password()


def test_who_has_confirmed_is_asked_to_sign_in(cast: Cast) -> None:
    user = squat()
    client_of().post(link_in(mails_to(user.email)[0]))
    actions.invite(user.email, by=cast.admin)
    page = link_in(mails_to(user.email)[-1])
    assert "password1" not in client_of().get(page).content.decode()
    with pytest.raises(Conflict):
        actions.join_as_new_user(page.split("/")[-2], name="Nina", password=PASSWORD)


def test_an_unconfirmed_sign_up_frees_its_address_after_a_week() -> None:
    user = squat()
    (member,) = accounts_of(user)
    with clock.at(clock.now() + timedelta(days=6, hours=23)):
        forget_all()
    assert User.objects.filter(email=user.email).exists()
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        forget_all()
    assert not User.objects.filter(email=user.email).exists()
    assert not EmailAddress.objects.filter(email=user.email).exists()
    assert not Account.objects.filter(slug=member.account.slug).exists()
    assert squat(user.email).pk != user.pk


def test_nobody_else_is_forgotten(cast: Cast) -> None:
    confirmed = squat()
    client_of().post(link_in(mails_to(confirmed.email)[0]))
    shares = squat()
    add_member(cast.account, "Nemo", user=shares)
    with clock.at(clock.now() + timedelta(days=30)):
        forget_all()
    for user in (confirmed, shares, cast.agent.user, cast.nobody.user):
        assert User.objects.get(pk=user.pk).email == user.email
    assert member_of(cast.agent.user, cast.slug) is not None
