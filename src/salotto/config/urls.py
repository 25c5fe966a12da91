"""Every page's address. The raw endpoints (/live, /w/…, /health) are in `config.asgi`."""

from django.urls import include, path

urlpatterns = [
    path("", include("allauth.account.urls")),
]
