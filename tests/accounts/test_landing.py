"""Where one lands after signing in."""

from tests.cast import Cast


def test_without_access_an_account_begins_with_the_reason_and_not_with_an_error(cast: Cast) -> None:
    home = cast.client(cast.nobody).get(f"/a/{cast.slug}/")
    assert home.status_code == 200
    assert "The conversations are closed to you" in home.content.decode()
    assert cast.client(cast.nobody).get(f"/a/{cast.slug}/inbox/").status_code == 403


def test_whoever_may_read_begins_in_the_inbox(cast: Cast) -> None:
    for member in (cast.agent, cast.viewer):
        home = cast.client(member).get(f"/a/{cast.slug}/")
        assert home.headers["Location"] == f"/a/{cast.slug}/inbox/"
