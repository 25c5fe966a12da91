from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "salotto.inbox"
    label = "inbox"

    def ready(self) -> None:
        from salotto.inbox import receivers  # noqa: F401
