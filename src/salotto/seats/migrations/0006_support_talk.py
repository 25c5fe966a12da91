from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import salotto.core.tenancy
from salotto.core.sql import sql_file
from salotto.core.tenancy import belongs, key_by_account, reference

# What requests of before know: their conversation, and the last answer.
BEFORE = """
INSERT INTO seats_supporttalk (account_id, support_account_id, conversation_id)
SELECT DISTINCT account_id, support_account_id, support_conversation_id
  FROM seats_seatrequest
 WHERE support_account_id IS NOT NULL AND support_conversation_id IS NOT NULL;
INSERT INTO seats_requestword (account_id, request_id, key, side, author_id, text, at)
SELECT account_id, id, gen_random_uuid(), 'support', answered_by_id, answer, answered_at
  FROM seats_seatrequest
 WHERE answer <> '' AND answered_by_id IS NOT NULL AND answered_at IS NOT NULL;
"""

# A request is linked to a conversation of its own account, or to none.
LINKED = """
ALTER TABLE seats_seatrequest ADD CONSTRAINT seats_request_talk_fk
    FOREIGN KEY (account_id, support_account_id, support_conversation_id)
    REFERENCES seats_supporttalk (account_id, support_account_id, conversation_id)
"""


def account_key() -> Any:
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.CASCADE,
        to="accounts.account",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("seats", "0005_first_purchase"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SupportTalk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("support_account_id", models.BigIntegerField()),
                ("conversation_id", models.BigIntegerField()),
                ("account", account_key()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("support_account_id", "conversation_id"), name="seats_talk_of_one_account"
                    ),
                    models.UniqueConstraint(
                        fields=("account", "support_account_id", "conversation_id"), name="seats_talk_key"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RequestWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField()),
                (
                    "side",
                    models.CharField(
                        choices=[("account", "The account"), ("support", "Support")], max_length=8
                    ),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("account", account_key()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    salotto.core.tenancy.LocalKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="seats.seatrequest",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "request", "-id"], name="seats_word_list")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "request", "key"), name="seats_word_once"),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["account", "support"])), name="seats_word_side"
                    ),
                ],
            },
        ),
        key_by_account("seats_supporttalk"),
        belongs("seats_supporttalk"),
        key_by_account("seats_requestword"),
        belongs("seats_requestword"),
        reference("seats_requestword", "request_id", "seats_seatrequest"),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.RunSQL(LINKED, "ALTER TABLE seats_seatrequest DROP CONSTRAINT seats_request_talk_fk"),
        sql_file(__file__, "talk.sql"),
    ]
