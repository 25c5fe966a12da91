from django.apps import AppConfig


class SeatsConfig(AppConfig):
    name = "salotto.seats"
    label = "seats"
