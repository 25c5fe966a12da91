"""VAT numbers, offline: form and check digits of every country that we know."""

import pytest

from salotto.billing import vat
from salotto.billing.tax import EU


@pytest.mark.parametrize("country", vat.EXAMPLES)
def test_every_example_is_a_number_of_its_country(country: str) -> None:
    assert vat.checked(country, vat.EXAMPLES[country])


def test_every_country_of_the_union_has_an_example() -> None:
    assert set(vat.EXAMPLES) >= EU


@pytest.mark.parametrize("country", sorted(EU | {"GB", "CH", "NO"}))
def test_a_wrong_check_digit_is_seen_and_an_example_is_given(country: str) -> None:
    number = vat.EXAMPLES[country]
    wrong = [
        f"{number[:i]}{(int(number[i]) + 1) % 10}{number[i + 1 :]}"
        for i in range(len(number))
        if number[i].isdigit()
    ]
    refused = [n for n in wrong if not _fits(country, n)]
    assert refused, "no digit of it is checked"
    with pytest.raises(vat.BadVatNumber) as caught:
        vat.checked(country, refused[0])
    assert number in str(caught.value.message)
    assert (caught.value.status, caught.value.code) == (422, "bad_vat_number")


def _fits(country: str, number: str) -> bool:
    try:
        return bool(vat.checked(country, number))
    except vat.BadVatNumber:
        return False


@pytest.mark.parametrize(
    ("country", "given", "kept"),
    [
        ("IT", "00743110157", "IT00743110157"),
        ("IT", " it 007 431.101-57 ", "IT00743110157"),
        ("GR", "EL 094259216", "EL094259216"),
        ("GR", "094259216", "EL094259216"),
        ("RO", "RO 185 472 90", "RO18547290"),
        ("ES", "b64717838", "ESB64717838"),
        ("GB", "980 7806 84", "GB980780684"),
        ("CH", "CHE-107.787.577 MWST", "CHE107787577MWST"),
        ("NO", "995 525 828 MVA", "NO995525828MVA"),
        ("US", "12-3456789", "12-3456789"),
        ("IT", "   ", ""),
        ("", "", ""),
    ],
)
def test_a_number_is_kept_in_one_form(country: str, given: str, kept: str) -> None:
    assert vat.checked(country, given) == kept


@pytest.mark.parametrize(
    ("country", "given"),
    [
        ("IT", "DE136695976"),
        ("DE", "IT00743110157"),
        ("IT", "IT00743110157" * 40),
        ("IT", "' OR 1=1 --"),
        ("IT", "٠٠٧٤٣١١٠١٥٧x"),
        ("US", "none"),
        ("US", "1" * 21),
        ("XX", "1"),
    ],
)
def test_what_is_no_number_is_refused(country: str, given: str) -> None:
    with pytest.raises(vat.BadVatNumber):
        vat.checked(country, given)


def test_a_number_needs_its_country() -> None:
    with pytest.raises(vat.VatNeedsCountry):
        vat.checked("", "IT00743110157")
