from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "salotto.inbox"
    label = "inbox"
