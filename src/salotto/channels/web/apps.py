from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "salotto.channels.web"
    label = "web"

    def ready(self) -> None:
        from salotto.channels.web import receivers  # noqa: F401
