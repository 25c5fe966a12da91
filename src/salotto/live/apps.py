from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "salotto.live"
    label = "live"
