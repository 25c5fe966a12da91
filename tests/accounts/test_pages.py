"""Who may open what: every settings page for every member, and what a page does."""

import pytest

from salotto.accounts.models import Invitation
from salotto.accounts.queries import member_of
from salotto.core.tenancy import account_scope
from salotto.seats.queries import plan
from tests.cast import PASSWORD, Cast, add_member, client_of

EVERYONE = ("primary_admin", "admin", "agent", "viewer", "nobody")
ADMINS = ("primary_admin", "admin")
GET = {
    "people/": EVERYONE,
    "profile/": EVERYONE,
    "seats/": ADMINS,
    "people/{viewer}/remove/": ("primary_admin", "admin", "viewer"),
}
POST = {
    "people/invite/": ADMINS,
    "people/{viewer}/role/": ADMINS,
    "people/{viewer}/remove/": ("primary_admin", "admin", "viewer"),
    "people/{viewer}/hand-over/": ("primary_admin",),
    "seats/{viewer}/": ADMINS,
    "invitations/1/again/": ADMINS,
    "invitations/1/withdraw/": ADMINS,
    "profile/": EVERYONE,
    "profile/password/": EVERYONE,
}


def path_of(cast: Cast, page: str) -> str:
    return f"/a/{cast.slug}/settings/" + page.format(viewer=cast.viewer.user.pk, agent=cast.agent.user.pk)


@pytest.mark.parametrize("page", GET)
def test_a_page_opens_for_whom_it_is_meant(page: str, cast: Cast) -> None:
    path = path_of(cast, page)
    got = {name: cast.client(member).get(path).status_code for name, member in cast.members().items()}
    assert got == {**{n: 200 if n in GET[page] else 403 for n in EVERYONE}, "outsider": 404}
    assert client_of().get(path).status_code == 302


@pytest.mark.parametrize("page", POST)
def test_an_act_is_refused_to_whom_it_is_not_meant(page: str, cast: Cast) -> None:
    path = path_of(cast, page)
    for name in EVERYONE:
        if name not in POST[page]:
            assert cast.client(getattr(cast, name)).post(path).status_code == 403, name
    assert cast.client(cast.outsider).post(path).status_code == 404
    assert client_of().post(path).status_code == 302
    if POST[page] != EVERYONE:
        assert member_of(cast.viewer.user, cast.slug) is not None


@pytest.mark.parametrize("page", [p for p in POST if p not in GET and "hand-over" not in p])
def test_an_act_is_no_page(page: str, cast: Cast) -> None:
    answer = cast.client(cast.primary_admin).get(path_of(cast, page))
    assert answer.status_code in ((302,) if page.startswith("seats") else (405,))


def test_a_signed_out_fragment_or_json_request_is_answered_401(cast: Cast) -> None:
    path = path_of(cast, "people/")
    assert (
        client_of().get(path, headers={"accept": "application/json"}).json()["error"]["code"]
        == "sign_in_needed"
    )
    assert client_of().get(path, headers={"hx-request": "true"}).status_code == 401


@pytest.mark.parametrize("user", ["0", "999999999", "9" * 30])
@pytest.mark.parametrize("page", ["people/{}/role/", "people/{}/remove/", "seats/{}/"])
def test_nobody_is_found_by_a_number_that_is_not_here(user: str, page: str, cast: Cast) -> None:
    path = f"/a/{cast.slug}/settings/" + page.format(user)
    assert cast.client(cast.admin).post(path, {"level": "agent", "role": "admin"}).status_code == 404


def test_a_person_of_another_account_is_not_found(cast: Cast) -> None:
    path = f"/a/{cast.slug}/settings/seats/{cast.outsider.user.pk}/"
    assert cast.client(cast.admin).post(path, {"level": "none"}).status_code == 404
    assert cast.again(cast.outsider).is_agent


def test_access_is_given_as_a_plain_form_and_as_a_fragment(cast: Cast) -> None:
    client, path = cast.client(cast.admin), path_of(cast, "seats/{viewer}/")
    plain = client.post(path, {"level": "agent", "q": "luca"})
    assert plain.headers["Location"] == f"/a/{cast.slug}/settings/seats/?q=luca#person-{cast.viewer.user.pk}"
    assert cast.again(cast.viewer).is_agent
    part = client.post(path, {"level": "none"}, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert 'id="figures"' in part
    assert cast.again(cast.viewer).access == "none"


def test_the_page_says_when_no_seat_is_free(cast: Cast) -> None:
    for number in range(17):
        add_member(cast.account, f"Agente {number}", access="agent")
    client, path = cast.client(cast.admin), path_of(cast, "seats/{viewer}/")
    assert "Every seat is in use" in client.get(path_of(cast, "seats/")).content.decode()
    plain = client.post(path, {"level": "agent"})
    part = client.post(path, {"level": "agent"}, headers={"hx-request": "true"})
    assert (plain.status_code, part.status_code) == (409, 409)
    assert "All 20 seats are in use" in plain.content.decode()
    assert "All 20 seats are in use" in part.content.decode()
    with account_scope(cast.account.pk):
        assert plan().in_use == 20


@pytest.mark.parametrize(
    "given",
    [{}, {"level": "boss"}, {"level": "none", "hand_to": "x"}, {"level": "none", "hand_to": "9" * 40}],
)
def test_access_that_cannot_be_changes_nothing(given: dict[str, str], cast: Cast) -> None:
    answer = cast.client(cast.admin).post(path_of(cast, "seats/{agent}/"), given)
    assert answer.status_code in (400, 422)
    assert cast.again(cast.agent).is_agent


def test_people_are_searched_and_paged(cast: Cast) -> None:
    for number in range(60):
        add_member(cast.account, f"Persona {number:02}")
    client, path = cast.client(cast.viewer), path_of(cast, "people/")
    page = client.get(path)
    assert page.content.decode().count('id="person-') == 50
    rest = client.get(path, {"after": page.context["next"]}, headers={"hx-request": "true"}).content.decode()
    assert rest.count('id="person-') == 15
    assert "<html" not in rest
    assert client.get(path, {"q": "sona 59"}).content.decode().count('id="person-') == 1
    assert "Nobody found" in client.get(path, {"q": "\x00 nobody " * 50, "after": "x"}).content.decode()


def test_an_invitation_is_sent_listed_and_withdrawn_on_the_page(cast: Cast) -> None:
    client, path = cast.client(cast.admin), path_of(cast, "people/")
    email = f"neu-{cast.slug}@example.com"
    fields = {"email": email, "role": "member", "access": "viewer", "language": "it"}
    assert client.post(path + "invite/", fields).status_code == 302
    assert email in client.get(path).content.decode()
    assert client.post(path + "invite/", fields).status_code == 409
    with account_scope(cast.account.pk):
        number = Invitation.objects.get(email=email).pk
    assert client.post(path_of(cast, f"invitations/{number}/again/")).status_code == 429
    assert client.post(path_of(cast, f"invitations/{number}/withdraw/")).status_code == 302
    assert email not in client.get(path).content.decode()


@pytest.mark.parametrize(
    "change", [{"email": "x"}, {"email": ""}, {"role": "boss"}, {"access": "all"}, {"language": "xx"}]
)
def test_an_invitation_that_cannot_be_says_why(change: dict[str, str], cast: Cast) -> None:
    fields = {"email": "a@example.com", "role": "member", "access": "viewer", "language": "en", **change}
    answer = cast.client(cast.admin).post(path_of(cast, "people/invite/"), fields)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()


def test_members_see_people_without_the_means_to_change_them(cast: Cast) -> None:
    page = cast.client(cast.viewer).get(path_of(cast, "people/")).content.decode()
    assert "Send the invitation" not in page
    assert "Make admin" not in page


def test_the_hand_over_asks_for_the_password_first(cast: Cast) -> None:
    client = client_of()
    path = path_of(cast, "people/{agent}/hand-over/")
    client.force_login(cast.primary_admin.user)
    answer = client.get(path)
    assert answer.headers["Location"].startswith("/reauthenticate/?next=")
    answer = client.post("/reauthenticate/?next=" + path, {"password": PASSWORD, "next": path})
    assert answer.headers["Location"] == path
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 302
    assert cast.again(cast.agent).is_primary_admin
    assert client.post(path).status_code == 403


def test_a_profile_is_saved_and_a_bad_one_is_not(cast: Cast) -> None:
    client, path = cast.client(cast.viewer), path_of(cast, "profile/")
    good = {"name": "Luca V.", "language": "it", "theme": "dark"}
    assert client.post(path, good).status_code == 302
    assert 'data-theme="dark"' in client.get(path).content.decode()
    for change in ({"name": ""}, {"name": "x" * 81}, {"language": "xx"}, {"theme": "pink"}):
        assert client.post(path, {**good, **change}).status_code == 422
    assert client.get("/profile/").headers["Location"] == path


def test_leaving_leads_out(cast: Cast) -> None:
    client, path = cast.client(cast.viewer), path_of(cast, "people/{viewer}/remove/")
    assert client.post(path).headers["Location"] == "/"
    assert client.get(path).status_code == 404


def test_pages_of_members_are_kept_by_no_shared_cache(cast: Cast) -> None:
    answer = cast.client(cast.viewer).get(path_of(cast, "people/"))
    assert "private" in answer.headers["Cache-Control"]
    assert "HX-Request" in answer.headers["Vary"]


def test_the_page_of_seats_says_that_this_is_a_trial(cast: Cast) -> None:
    page = cast.client(cast.admin).get(path_of(cast, "seats/")).content.decode()
    assert "Trial · 20 seats" in page


def test_an_invitation_takes_no_seat_unless_one_chooses_so(cast: Cast) -> None:
    set_language = {"name": "Ada", "language": "it", "theme": "system"}
    client = cast.client(cast.admin)
    client.post(path_of(cast, "profile/"), set_language)
    page = client.get(path_of(cast, "people/")).content.decode()
    assert '<option value="viewer" selected>' in page
    assert '<option value="it" selected>' in page
