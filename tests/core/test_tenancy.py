"""Rows of an account are out of sight of every other, in every model."""

import pytest
from django.apps import apps
from django.db import connection
from django_scopes import ScopeError

from salotto.core.tenancy import AccountModel, account_scope

MODELS = sorted((m for m in apps.get_models() if issubclass(m, AccountModel)), key=lambda m: m.__name__)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_a_query_outside_a_scope_raises(model: type[AccountModel]) -> None:
    with pytest.raises(ScopeError):
        model.objects.all()


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_a_scope_names_its_account_in_every_query(model: type[AccountModel]) -> None:
    with account_scope(7):
        assert '"account_id" = 7' in str(model.objects.all().query)


def test_every_table_of_an_account_is_keyed_by_it() -> None:
    with connection.cursor() as db:
        for model in MODELS:
            key = connection.introspection.get_primary_key_columns(db, model._meta.db_table)
            assert key in (["account_id", "id"], ["account_id"]), model
