"""The pages' Italian comes from the compiled catalogue, as in production."""

import pytest
from django.utils import translation
from django.utils.translation import gettext, ngettext

from tests.cast import client_of


def test_messages_are_italian() -> None:
    with translation.override("it"):
        assert gettext("Unassigned") == "Non assegnate"
        assert ngettext("one more day", "%(days)s more days", 3) == "ancora %(days)s giorni"


def test_djangos_own_messages_stay_italian() -> None:
    with translation.override("it"):
        assert gettext("This field is required.") == "Questo campo è obbligatorio."


@pytest.mark.parametrize(("browser", "heading"), [("it-IT,it;q=0.9", "Accedi"), ("de,en;q=0.5", "Sign in")])
def test_a_page_follows_the_browser(browser: str, heading: str) -> None:
    page = client_of().get("/login/", headers={"Accept-Language": browser})
    assert heading in page.content.decode()
