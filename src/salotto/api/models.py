"""What a program has asked under a key, and what it was told: so that nothing is done twice."""

from django.db import models

from salotto.core.tenancy import AccountModel


class ApiCall(AccountModel):
    """One request with an `Idempotency-Key`, of one token (known by its hash).

    Without a `status` it is still under way: nobody else begins it before `held_until`, and
    whoever comes later takes it over. `request_hash` is of method, address and body; `body`
    is the JSON that was answered. Kept for a day.
    """

    token_hash = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    held_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "token_hash", "key"], name="api_call_once")]
        indexes = [models.Index(fields=["created_at"], name="api_call_old")]
