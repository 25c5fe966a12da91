from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "salotto.core"
    label = "core"
