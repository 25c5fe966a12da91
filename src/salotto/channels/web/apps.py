from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "salotto.channels.web"
    label = "web"
