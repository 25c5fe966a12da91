"""Addresses of the operator pages, below /operator/."""

from django.urls import path

from salotto.operator.views import accounts, audit, catalogue, invoices, overview, purchases, requests

urlpatterns = [
    path("", overview.overview, name="operator"),
    path("catalogue/", catalogue.catalogue, name="operator_catalogue"),
    path("catalogue/price/", catalogue.price, name="operator_price"),
    path("catalogue/dates/", catalogue.dates, name="operator_dates"),
    path("catalogue/terms/", catalogue.terms, name="operator_terms"),
    path("catalogue/seller/", catalogue.seller, name="operator_seller"),
    path("catalogue/tax/", catalogue.tax, name="operator_tax"),
    path("catalogue/tax/remove/", catalogue.remove_tax, name="operator_tax_remove"),
    path("accounts/", accounts.accounts, name="operator_accounts"),
    path("accounts/<int:account>/", accounts.account, name="operator_account"),
    path("accounts/<int:account>/gateway/", accounts.gateway, name="operator_gateway"),
    path("accounts/<int:account>/anchor/", accounts.anchor, name="operator_anchor"),
    path("accounts/<int:account>/credit/", accounts.credit, name="operator_credit"),
    path("accounts/<int:account>/<slug:history>/", accounts.history, name="operator_account_history"),
    path("requests/", requests.requests, name="operator_requests"),
    path("requests/<int:request_id>/", requests.one, name="operator_request"),
    path("requests/<int:request_id>/<slug:verb>/", requests.act, name="operator_request_act"),
    path("purchases/", purchases.purchases, name="operator_purchases"),
    path("purchases/<int:account>/<uuid:payment>/<slug:verb>/", purchases.act, name="operator_purchase_act"),
    path("invoices/", invoices.invoices, name="operator_invoices"),
    path("invoices/<int:account>/<int:invoice>/", invoices.one, name="operator_invoice"),
    path("invoices/<int:account>/<int:invoice>/pdf/", invoices.pdf, name="operator_invoice_pdf"),
    path("invoices/<int:account>/<int:invoice>/paid/", invoices.paid, name="operator_invoice_paid"),
    path(
        "invoices/<int:account>/<int:invoice>/credit-note/", invoices.credit_note, name="operator_credit_note"
    ),
    path("invoices/<int:account>/<int:invoice>/refund/", invoices.refund, name="operator_refund"),
    path("audit/", audit.audit, name="operator_audit"),
]
