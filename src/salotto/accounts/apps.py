from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "salotto.accounts"
    label = "accounts"
