"""What the demo sells, who sells it, and to whom."""

from datetime import date
from typing import Any

PRICES = {"EUR": 1900, "USD": 2100, "GBP": 1700, "CHF": 2000, "JPY": 3200, "KWD": 6500}
"""A seat for a month, in minor units."""

SELLER = {
    "time_zone": "Europe/Rome",
    "support_email": "support@salotto.example",
    "seller_name": "Salotto Demo S.r.l.",
    "seller_address": "Via delle Poltrone 12\n20121 Milano",
    "seller_country": "IT",
    "seller_vat_number": "IT00743110157",
}
VAT: dict[str, Any] = {"country": "IT", "name": "IVA", "basis_points": 2200, "valid_from": date(2013, 10, 1)}

BUYER = {
    "legal_name": "Bottega Serena S.r.l.",
    "address": "Via San Vitale 21\n40125 Bologna",
    "country": "IT",
    "vat_number": "IT12345670017",
    "email": "conti@bottegaserena.example",
}
