from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "salotto.desk"
    label = "desk"
