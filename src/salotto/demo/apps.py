from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "salotto.demo"
    label = "demo"
