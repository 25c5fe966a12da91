"""Every page's address. The raw endpoints (/live, /w/…, /health) are in `config.asgi`."""

from django.conf import settings
from django.urls import include, path

from salotto.api.later import Later
from salotto.core import http

urlpatterns = [
    path("", include("salotto.channels.web.urls")),
    path("", include("salotto.channels.email.urls")),
    path("a/<slug:slug>/", include("salotto.desk.urls")),
    path("", include("salotto.desk.people.urls")),
    path("", include("salotto.desk.billing.urls")),
    path("", include("salotto.desk.email.urls")),
    path("", include("salotto.accounts.urls")),
    path("", include("salotto.billing.urls")),
    path("operator/", include("salotto.operator.urls")),
    Later("api/v1/", "salotto.api.urls"),
    *([path("", include("salotto.demo.urls"))] if settings.DEMO else []),
]

handler400 = http.bad_request
handler403 = http.forbidden
handler404 = http.not_found
handler429 = "salotto.accounts.views.too_many"  # asked for by allauth
handler500 = http.failed
