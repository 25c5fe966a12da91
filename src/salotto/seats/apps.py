from django.apps import AppConfig


class SeatsConfig(AppConfig):
    name = "salotto.seats"
    label = "seats"

    def ready(self) -> None:
        from salotto.seats import receivers  # noqa: F401  (connects them)
