from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "salotto.config"
    label = "config"
