"""Pages of the web chat channel. Its visitor endpoints (/w/…) are in `config.asgi`."""

from django.urls import path

from salotto.channels.web import views

app_name = "web"
urlpatterns = [
    path("widget.js", views.widget, name="widget"),
    path("widget-<slug:mark>.js", views.panel, name="panel"),
]
