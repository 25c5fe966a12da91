from django.apps import AppConfig


class EmailConfig(AppConfig):
    name = "salotto.channels.email"
    label = "email"

    def ready(self) -> None:
        from salotto.channels.email import receivers  # noqa: F401
