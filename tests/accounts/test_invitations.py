from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.messages import get_messages

from salotto.accounts import actions
from salotto.accounts.actions.invitations import hash_of
from salotto.accounts.errors import Gone
from salotto.accounts.invited import pending
from salotto.accounts.models import Invitation, Membership, User
from salotto.accounts.queries import member_of
from salotto.core import clock
from salotto.core.errors import Conflict, Forbidden, Invalid, Missing, TooMany
from salotto.core.models import AuditEntry
from salotto.core.tenancy import account_scope
from tests.cast import PASSWORD, Cast, add_member, client_of, new_user, some_address
from tests.mailbox import link_in, mails_to, text_of
from tests.threads import at_once


def fresh() -> str:
    return f"p{some_address().replace('.', '-')}@example.com"


def token_for(email: str) -> str:
    return link_in(mails_to(email)[-1]).split("/")[-2]


def invited(cast: Cast, **options: str) -> tuple[str, str]:
    email = options.pop("email", fresh())
    actions.invite(email, by=cast.admin, **options)
    return email, token_for(email)


def test_an_invitation_is_mailed_as_text_and_html_and_only_its_hash_is_kept(cast: Cast) -> None:
    email, token = invited(cast)
    (mail,) = mails_to(email)
    assert mail["Subject"] == f"Marco De Luca invites you to {cast.account.name}"
    assert f"http://testserver/invitation/{token}/" in text_of(mail, "html")
    with account_scope(cast.account.pk):
        assert Invitation.objects.get(email=email).token_hash == hash_of(token)


def test_names_stand_unescaped_in_text_and_escaped_in_html(cast: Cast) -> None:
    actions.update_profile(cast.admin.user, name="<b>O'Neil & Co</b>")
    email, _token = invited(cast)
    (mail,) = mails_to(email)
    assert "<b>O'Neil & Co</b>" in text_of(mail)
    assert "<b>O" not in text_of(mail, "html")


@pytest.mark.parametrize("who", ["agent", "viewer", "nobody"])
def test_only_admins_invite(who: str, cast: Cast) -> None:
    with pytest.raises(Forbidden):
        actions.invite(fresh(), by=getattr(cast, who))


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b", "a b@example.com", "x" * 250 + "@example.com", "a@b.c\nBcc: x@y.z"]
)
def test_what_is_no_address_is_refused(email: str, cast: Cast) -> None:
    with pytest.raises(Invalid):
        actions.invite(email, by=cast.admin)


def test_a_member_is_not_invited_again(cast: Cast) -> None:
    with pytest.raises(Conflict) as refused:
        actions.invite(cast.agent.user.email.upper(), by=cast.admin)
    assert refused.value.code == "already_member"


def test_one_open_invitation_per_address_even_at_once(cast: Cast) -> None:
    email = fresh()
    results = at_once(*(partial(actions.invite, email, by=cast.admin) for _ in range(4)))
    assert sum(isinstance(r, Invitation) for r in results) == 1
    assert {r.code for r in results if isinstance(r, Conflict)} == {"already_invited"}
    assert len(mails_to(email)) == 1


def test_a_run_out_invitation_makes_room_for_a_new_one(cast: Cast) -> None:
    email, old = invited(cast)
    with clock.at(clock.now() + timedelta(days=7, seconds=1)):
        with pytest.raises(Gone):
            actions.accept_invitation(old, new_user(email=email))
        actions.invite(email, by=cast.admin)
    assert token_for(email) != old


def test_an_existing_person_joins_with_the_invited_level_and_role(cast: Cast) -> None:
    user = new_user()
    _email, token = invited(cast, email=user.email, role="admin", access="viewer")
    joined = actions.accept_invitation(token, user)
    member = member_of(user, cast.slug)
    assert member is not None
    assert (member.role, member.access, joined.access) == ("admin", "viewer", "viewer")


def test_a_link_works_once(cast: Cast) -> None:
    user = new_user()
    _email, token = invited(cast, email=user.email)
    actions.accept_invitation(token, user)
    with pytest.raises(Gone):
        actions.accept_invitation(token, new_user(), another_address=True)


def test_a_link_works_once_even_at_once(cast: Cast) -> None:
    _email, token = invited(cast)
    users = [new_user() for _ in range(4)]
    results = at_once(*(partial(actions.accept_invitation, token, u, another_address=True) for u in users))
    assert sum(isinstance(r, actions.Joined) for r in results) == 1
    assert sum(isinstance(r, Gone) for r in results) == 3


def test_another_address_must_be_confirmed(cast: Cast) -> None:
    user = new_user()
    _email, token = invited(cast)
    with pytest.raises(Conflict) as refused:
        actions.accept_invitation(token, user)
    assert refused.value.code == "another_address"
    actions.accept_invitation(token, user, another_address=True)
    assert member_of(user, cast.slug) is not None


def test_a_member_does_not_join_twice(cast: Cast) -> None:
    _email, token = invited(cast)
    with pytest.raises(Conflict):
        actions.accept_invitation(token, cast.viewer.user, another_address=True)


def test_rule_16_an_invitation_reserves_no_seat(cast: Cast) -> None:
    for number in range(16):
        add_member(cast.account, f"Agente {number}", access="agent")
    user = new_user()
    _email, token = invited(cast, email=user.email, access="agent")
    add_member(cast.account, "Chi viene prima", access="agent")  # takes the last one meanwhile
    assert actions.accept_invitation(token, user).access == "viewer"


def test_rule_16_a_seat_is_taken_when_the_invited_person_accepts(cast: Cast) -> None:
    user = new_user()
    _email, token = invited(cast, email=user.email, access="agent")
    with account_scope(cast.account.pk):
        before = Membership.objects.filter(access="agent").count()
        assert actions.accept_invitation(token, user).access == "agent"
        assert Membership.objects.filter(access="agent").count() == before + 1


def test_rule_16_without_a_free_seat_the_newcomer_is_a_viewer(cast: Cast) -> None:
    for number in range(17):
        add_member(cast.account, f"Agente {number}", access="agent")
    user = new_user()
    _email, token = invited(cast, email=user.email, access="agent")
    joined = actions.accept_invitation(token, user)
    assert (joined.wanted, joined.access) == ("agent", "viewer")


def test_an_invitation_is_sent_again_with_a_new_link(cast: Cast) -> None:
    email, old = invited(cast)
    with account_scope(cast.account.pk):
        number = Invitation.objects.get(email=email).pk
    with pytest.raises(TooMany):
        actions.resend_invitation(number, by=cast.admin)
    with clock.at(clock.now() + timedelta(minutes=2)):
        actions.resend_invitation(number, by=cast.admin)
    with pytest.raises(Missing):
        actions.accept_invitation(old, new_user(email=email))
    assert len(mails_to(email)) == 2


def test_a_withdrawn_invitation_is_over(cast: Cast) -> None:
    email, token = invited(cast)
    with account_scope(cast.account.pk):
        number = Invitation.objects.get(email=email).pk
    with pytest.raises(Missing):
        actions.revoke_invitation(number, by=cast.outsider)
    actions.revoke_invitation(number, by=cast.admin)
    with pytest.raises(Gone):
        actions.accept_invitation(token, new_user(email=email))
    with pytest.raises(Missing):
        actions.revoke_invitation(number, by=cast.admin)


def test_a_new_person_accepts_on_the_page_and_is_signed_in(cast: Cast) -> None:
    email, token = invited(cast, access="viewer")
    client = client_of()
    page = f"/invitation/{token}/"
    assert client.get(page).status_code == 200
    answer = client.post(page, {"name": "Nina Nuova", "password1": PASSWORD})
    assert answer.headers["Location"] == f"/a/{cast.slug}/"
    user = User.objects.get(email=email)
    assert user.check_password(PASSWORD)
    assert member_of(user, cast.slug) is not None
    assert client.get(f"/a/{cast.slug}/settings/people/").status_code == 200
    assert client.get(page).status_code == 410
    assert client_of().post(page, {"name": "X", "password1": PASSWORD}).status_code == 410


@pytest.mark.parametrize(
    "given",
    [
        {"name": "", "password1": PASSWORD},
        {"name": "N", "password1": "kurz"},
        {"name": "N" * 81, "password1": PASSWORD},
        {"name": "N", "password1": "x" * 5000},
    ],
)
def test_a_newcomers_form_that_cannot_be_writes_nothing(given: dict[str, str], cast: Cast) -> None:
    email, token = invited(cast)
    client_of().post(f"/invitation/{token}/", given)
    assert not User.objects.filter(email=email).exists()


def test_a_person_with_a_sign_in_is_led_there_and_back(cast: Cast) -> None:
    user = new_user()
    _email, token = invited(cast, email=user.email)
    client = client_of()
    page = f"/invitation/{token}/"
    assert client.get(page).status_code == 200
    answer = client.post("/login/?next=" + page, {"login": user.email, "password": PASSWORD, "next": page})
    assert answer.headers["Location"] == page
    assert client.post(page).headers["Location"] == f"/a/{cast.slug}/"


def test_somebody_signed_in_with_another_address_is_asked(cast: Cast) -> None:
    user = new_user()
    _email, token = invited(cast)
    client = client_of(user)
    page = f"/invitation/{token}/"
    assert user.email in client.get(page).content.decode()
    assert client.post(page).status_code == 409
    assert client.post(page, {"another_address": "yes"}).status_code == 302


def test_the_newcomer_sees_why_there_is_no_seat(cast: Cast) -> None:
    for number in range(17):
        add_member(cast.account, f"Agente {number}", access="agent")
    user = new_user()
    _email, token = invited(cast, email=user.email)
    answer = client_of(user).post(f"/invitation/{token}/")
    assert "viewer" in next(str(m) for m in get_messages(answer.wsgi_request))


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "é", "x" * 3000])
def test_a_forged_link_is_not_found(token: str) -> None:
    assert client_of().get(f"/invitation/{token}/").status_code == 404


@pytest.mark.parametrize(
    "lose",
    [
        partial(actions.change_role, role="member"),
        actions.remove_member,
        lambda user_id, by: Membership.objects.filter(user_id=user_id).delete(),  # as an old release left it
    ],
)
def test_the_invitation_of_who_is_no_admin_any_more_is_over(lose: Callable[..., None], cast: Cast) -> None:
    email, token = invited(cast, role="admin")
    with account_scope(cast.account.pk):
        lose(cast.admin.user.pk, by=cast.primary_admin)
    assert client_of().get(f"/invitation/{token}/").status_code == 410
    with pytest.raises(Gone):
        actions.accept_invitation(token, new_user(email=email))
    with pytest.raises(Gone):
        actions.join_as_new_user(token, name="Evil", password=PASSWORD)


def test_withdrawn_with_their_sender_invitations_are_no_longer_listed(cast: Cast) -> None:
    email, _token = invited(cast)
    actions.change_role(cast.admin.user.pk, "member", by=cast.primary_admin)
    with account_scope(cast.account.pk):
        assert pending() == []
        assert AuditEntry.objects.filter(account_id=cast.account.pk, verb="invitation.withdrawn").count() == 1
    actions.invite(email, by=cast.primary_admin)


def test_who_sends_an_invitation_again_answers_for_it(cast: Cast) -> None:
    email, _old = invited(cast)
    with account_scope(cast.account.pk):
        number = Invitation.objects.get(email=email).pk
    with clock.at(clock.now() + timedelta(minutes=2)):
        actions.resend_invitation(number, by=cast.primary_admin)
    actions.remove_member(cast.admin.user.pk, by=cast.primary_admin)
    assert actions.join_as_new_user(token_for(email), name="Nina", password=PASSWORD)
