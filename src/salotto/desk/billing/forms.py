"""Forms of the billing pages."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from salotto.billing import vat, wording
from salotto.billing.models import BillingDetails
from salotto.core.errors import Invalid


def _countries() -> list[tuple[str, Any]]:
    return [("", _("Not given")), *wording.countries(get_language() or "en")]


class Details(forms.ModelForm):  # type: ignore[type-arg]
    """Whom invoices are made out to; only checks, the action writes."""

    country = forms.ChoiceField(
        label=_("Country"),
        choices=_countries,
        required=False,
        widget=forms.Select({"autocomplete": "country"}),
    )
    vat_number = forms.CharField(label=_("VAT number"), max_length=40, required=False)

    class Meta:
        model = BillingDetails
        fields = ("legal_name", "address", "country", "vat_number", "email", "reference")
        labels = {
            "legal_name": _("Legal name"),
            "address": _("Address"),
            "email": _("Email for invoices"),
            "reference": _("Your reference"),
        }
        widgets = {
            "legal_name": forms.TextInput({"autocomplete": "organization"}),
            "address": forms.Textarea({"rows": 3, "autocomplete": "street-address"}),
            "email": forms.EmailInput({"autocomplete": "email"}),
        }

    def clean(self) -> dict[str, Any]:
        """The number is checked against its country; the error stands beside the number."""
        given = super().clean() or self.cleaned_data
        try:
            given["vat_number"] = vat.checked(given.get("country", ""), given.get("vat_number", ""))
        except vat.VatNeedsCountry as refused:
            self.add_error("country", str(refused.message))
        except Invalid as refused:
            self.add_error("vat_number", str(refused.message))
        return given
