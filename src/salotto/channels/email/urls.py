"""Addresses of the email channel: raw mail by HTTP, and leaving a mail to many."""

from django.urls import path

from salotto.channels.email import views

app_name = "email"
urlpatterns = [
    path("mail/in/<slug:key>", views.take, name="take"),
    path("mail/in/<slug:key>/<slug:secret>", views.take, name="take_with_secret"),
    path("mail/unsubscribe/<str:token>", views.leave, name="unsubscribe"),
]
