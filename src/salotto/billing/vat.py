"""VAT numbers, checked offline: form and check digits, not whether the number is in use.

The rules of each country are python-stdnum's. A number of the European Union, of the United
Kingdom or of Norway is kept with its country in front, as an invoice must show it.
"""

import re
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from salotto.billing import wording
from salotto.billing.tax import EU
from salotto.core.errors import Invalid

LONGEST = 20
FREE_FORM = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9 ./-]{2,19}", re.ASCII)
"""Where no rule is known: capitals and digits, at least one digit."""
PREFIXES = {**{code: code for code in EU}, "GR": "EL", "GB": "GB", "NO": "NO"}
EXAMPLES = {
    "AT": "ATU13585627",
    "AU": "83 914 571 673",
    "BE": "BE0428759497",
    "BG": "BG175074752",
    "BR": "16.727.230/0001-97",
    "CA": "12302 6635 RC 0001",
    "CH": "CHE-107.787.577 IVA",
    "CY": "CY10259033P",
    "CZ": "CZ25123891",
    "DE": "DE136695976",
    "DK": "DK13585628",
    "EE": "EE100594102",
    "ES": "ESB64717838",
    "FI": "FI20774740",
    "FR": "FR23334175221",
    "GB": "GB980780684",
    "GR": "EL094259216",
    "HR": "HR33392005961",
    "HU": "HU12892312",
    "IE": "IE6433435F",
    "IN": "27AAPFU0939F1ZV",
    "IS": "00621",
    "IT": "IT00743110157",
    "JP": "5-8356-7825-6246",
    "LT": "LT119511515",
    "LU": "LU15027442",
    "LV": "LV40003521600",
    "MT": "MT11679112",
    "NL": "NL004495445B01",
    "NO": "NO995525828MVA",
    "NZ": "49-098-576",
    "PL": "PL8567346215",
    "PT": "PT501964843",
    "RO": "RO18547290",
    "RS": "101134702",
    "SE": "SE123456789701",
    "SI": "SI50223054",
    "SK": "SK2022749619",
    "TR": "4540536920",
}
"""A number of the form that is expected, by country (python-stdnum's own documentation)."""


class BadVatNumber(Invalid):
    """422: no number of this country, with an example of one."""

    code = "bad_vat_number"

    def __init__(self, country: str) -> None:
        name = wording.country(country, get_language() or "en")
        if example := EXAMPLES.get(country):
            text = _("This is not a valid VAT number for %(country)s. One looks like %(example)s.")
            super().__init__(text % {"country": name, "example": example})
        else:
            super().__init__(_("This is not a valid VAT number for %(country)s.") % {"country": name})


class VatNeedsCountry(Invalid):
    """422: a VAT number says nothing without its country."""

    code = "vat_needs_country"

    def __init__(self) -> None:
        super().__init__(_("Choose the country that the VAT number belongs to."))


def checked(country: str, number: str) -> str:
    """The number as invoices show it, at most 20 characters; "" stays "".

    `country` is an ISO 3166 code. Raises VatNeedsCountry without one, BadVatNumber.
    """
    number = number.replace("\x00", "").strip().upper()
    if not number:
        return ""
    if not country:
        raise VatNeedsCountry()
    found = _by_rule(country, number)
    if not found or len(found) > LONGEST or not found.isascii():
        raise BadVatNumber(country)
    return found


def _by_rule(country: str, number: str) -> str:
    """The compact form, or "" for what the country's rule refuses."""
    rule: Any = get_cc_module(country.lower(), "vat")
    if rule is None:
        return number if FREE_FORM.fullmatch(number) else ""
    prefix = PREFIXES.get(country, "")
    if prefix:
        number = re.sub(r"[\s./-]", "", number)
    try:
        bare = rule.compact(number).removeprefix(prefix)
        return prefix + str(rule.validate(bare)).removeprefix(prefix)
    except ValidationError:
        return ""
