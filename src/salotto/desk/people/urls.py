"""Settings pages about people and seats."""

from django.urls import path

from salotto.desk.people import invitations, people, profile, tokens
from salotto.desk.seats.urls import urlpatterns as of_seats

SETTINGS = "a/<slug:slug>/settings/"

urlpatterns = [
    path(f"{SETTINGS}people/", people.people, name="people"),
    path(f"{SETTINGS}people/<int:user>/role/", people.role, name="role"),
    path(f"{SETTINGS}people/<int:user>/channels/", people.channels, name="permit_channels"),
    path(f"{SETTINGS}people/<int:user>/remove/", people.remove, name="remove_member"),
    path(f"{SETTINGS}people/<int:user>/hand-over/", people.hand_over, name="hand_over"),
    path(f"{SETTINGS}people/invite/", invitations.invite, name="invite"),
    path(f"{SETTINGS}invitations/<int:invitation>/again/", invitations.again, name="invite_again"),
    path(f"{SETTINGS}invitations/<int:invitation>/withdraw/", invitations.withdraw, name="withdraw"),
    *of_seats,
    path(f"{SETTINGS}profile/", profile.profile, name="profile"),
    path(f"{SETTINGS}profile/password/", profile.password, name="change_password"),
    path(f"{SETTINGS}keys/", tokens.tokens, name="tokens"),
    path(f"{SETTINGS}keys/<int:token>/revoke/", tokens.revoke, name="revoke_token"),
    path("profile/", profile.mine, name="profile"),
]
