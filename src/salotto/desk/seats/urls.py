"""Manage seats."""

from django.urls import path

from salotto.desk.seats import asking, buying, page, talking

SEATS = "a/<slug:slug>/settings/seats/"

urlpatterns = [
    path(SEATS, page.seats, name="seats"),
    path(f"{SEATS}figures/", page.figures, name="seats_figures"),
    path(f"{SEATS}<int:user>/", page.access, name="access"),
    path(f"{SEATS}quote/", buying.quote, name="seats_quote"),
    path(f"{SEATS}buy/", buying.buy, name="seats_buy"),
    path(f"{SEATS}buy/<uuid:payment>/continue/", buying.go_on, name="seats_continue"),
    path(f"{SEATS}buy/<uuid:payment>/give-up/", buying.give_up, name="seats_give_up"),
    path(f"{SEATS}card/", buying.card, name="seats_card"),
    path(f"{SEATS}support/", asking.support, name="seats_support"),
    path(f"{SEATS}support/withdraw/", asking.withdraw, name="seats_withdraw"),
    path(f"{SEATS}requests/<int:request_id>/", talking.one, name="seats_request"),
    path(f"{SEATS}ask/", asking.ask, name="seats_ask"),
]
