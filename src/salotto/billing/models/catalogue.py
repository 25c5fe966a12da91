"""What is sold, by whom, until when: one catalogue for the whole installation."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Catalogue(models.Model):
    """One row (id 1), made by the migration: the terms, and who sells.

    `sale_ends_on`: from 00:00 of that day, in `time_zone`, trials and first purchases are
    refused (rule S14). `extra_sale_ends_on`: from then on more seats are asked for by mail.
    """

    time_zone = models.CharField(max_length=60, default="UTC")
    trial_days = models.PositiveSmallIntegerField(default=14)
    payment_days = models.PositiveSmallIntegerField(default=14)
    sale_ends_on = models.DateField(null=True, blank=True)
    extra_sale_ends_on = models.DateField(null=True, blank=True)
    support_email = models.EmailField(blank=True)
    support_account = models.ForeignKey("accounts.Account", models.SET_NULL, null=True, blank=True)
    seller_name = models.CharField(max_length=200, blank=True)
    seller_address = models.TextField(max_length=500, blank=True)
    seller_country = models.CharField(max_length=2, blank=True)
    seller_vat_number = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="billing_catalogue_once")]

    def sale_ends_at(self) -> datetime | None:
        """The instant from which trials and first purchases are refused."""
        return self._midnight(self.sale_ends_on)

    def extra_sale_ends_at(self) -> datetime | None:
        """The instant from which extra seats are not sold in the dialog."""
        return self._midnight(self.extra_sale_ends_on)

    def _midnight(self, day: object) -> datetime | None:
        if day is None:
            return None
        # A midnight that the clocks skip is the first instant of the day that exists.
        local = datetime.combine(day, datetime.min.time(), ZoneInfo(self.time_zone))  # type: ignore[arg-type]
        while local.astimezone(ZoneInfo("UTC")).astimezone(local.tzinfo) != local:
            local += timedelta(minutes=1)
        return local.astimezone(ZoneInfo("UTC"))


class Price(models.Model):
    """A version of the price of one seat for one month; append-only.

    For first purchases the one with the latest `new_from` that has come is valid, for
    renewals of existing customers the one with the latest `existing_from`; null there keeps
    them at their price.
    """

    currency = models.CharField(_("currency"), max_length=3)
    unit_amount = models.PositiveBigIntegerField()
    new_from = models.DateTimeField(db_default=Now())
    existing_from = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["currency", "-new_from"], name="billing_price_new")]


class TaxRate(models.Model):
    """A country's rate in hundredths of a per cent, from a day on (of the catalogue's zone)."""

    country = models.CharField(max_length=2)
    name = models.CharField(max_length=20)
    basis_points = models.PositiveIntegerField()
    valid_from = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "valid_from"], name="billing_tax_rate_once"),
        ]
