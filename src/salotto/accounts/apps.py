from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "salotto.accounts"
    label = "accounts"

    def ready(self) -> None:
        from salotto.accounts import receivers  # noqa: F401  (connects them)
