"""Settings pages about billing."""

from django.urls import path

from salotto.desk.billing import cards, changes, pages

BILLING = "a/<slug:slug>/settings/billing/"

urlpatterns = [
    path(BILLING, pages.billing, name="billing"),
    path(f"{BILLING}details/", changes.details, name="billing_details"),
    path(f"{BILLING}cycle/", changes.cycle, name="change_cycle"),
    path(f"{BILLING}cards/", cards.add, name="add_card"),
    path(f"{BILLING}cards/<int:method>/current/", cards.current, name="current_card"),
    path(f"{BILLING}cards/<int:method>/remove/", cards.remove, name="remove_card"),
    path(f"{BILLING}invoices/", pages.invoices, name="invoices"),
    path(f"{BILLING}invoices/<int:invoice>/", pages.invoice, name="invoice"),
    path(f"{BILLING}invoices/<int:invoice>/pdf/", pages.invoice_pdf, name="invoice_pdf"),
    path(f"{BILLING}invoices/<int:invoice>/pay/", changes.pay, name="pay_invoice"),
    path(f"{BILLING}payments/<uuid:payment>/", changes.payment, name="invoice_payment"),
    path(f"{BILLING}balance/", pages.balance, name="balance"),
    path(f"{BILLING}seats/", pages.changes, name="seat_history"),
]
