from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "salotto.billing"
    label = "billing"
