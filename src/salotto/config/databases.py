"""Which PostgreSQL to talk to."""

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from salotto.config.options import Options


def django_settings(options: Options) -> dict[str, Any]:
    """Django's DATABASES entry for the configured URL (the embedded server sets it too)."""
    return settings_for(options.database_url)


def settings_for(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a PostgreSQL URL."""
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    known = {
        "NAME": parts.pop("dbname", "salotto"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "") or ""),
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        **known,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**parts, "connect_timeout": 5, "application_name": "salotto"},
    }
