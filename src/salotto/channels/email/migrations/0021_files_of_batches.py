from django.db import migrations, models
from django.db.models.deletion import CASCADE, PROTECT

import salotto.core.tenancy
from salotto.core.tenancy import belongs, key_by_account, reference


def _key(to: str) -> salotto.core.tenancy.LocalKey:
    return salotto.core.tenancy.LocalKey(
        db_constraint=False, db_index=False, on_delete=PROTECT, related_name="+", to=to
    )


class Migration(migrations.Migration):
    """A mail to many may carry files."""

    dependencies = [("email", "0020_participants_by_address"), ("inbox", "0006_linked")]

    operations = [
        migrations.CreateModel(
            name="BatchFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("type", models.CharField(max_length=120)),
                ("size", models.PositiveIntegerField()),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False, db_index=False, on_delete=CASCADE, to="accounts.account"
                    ),
                ),
                ("batch", _key("email.batch")),
                ("blob", _key("inbox.blob")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "batch", "place"), name="email_batch_file_once"
                    )
                ],
                "indexes": [
                    models.Index(models.F("account"), models.F("blob"), name="email_batch_file_blob")
                ],
            },
        ),
        key_by_account("email_batchfile"),
        belongs("email_batchfile"),
        reference("email_batchfile", "batch_id", "email_batch"),
        reference("email_batchfile", "blob_id", "inbox_blob"),
    ]
