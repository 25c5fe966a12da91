from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "salotto.api"
    label = "api"
