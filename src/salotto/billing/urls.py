"""Addresses that gateways need. The pages about money are the desk's."""

from django.urls import path

from salotto.billing import views

urlpatterns = [
    path("billing/webhooks/<slug:gateway>", views.webhook, name="billing_webhook"),
    path("a/<slug:slug>/billing/cards/begin/", views.begin_card, name="begin_card"),
    path("a/<slug:slug>/billing/sandbox/<slug:intent>/", views.sandbox_challenge, name="sandbox_challenge"),
]
