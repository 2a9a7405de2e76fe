"""The table as the migrations make it, and resources that do not fit it."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from benben_todos.models import Base, Todo
from benben_todos.schemas import TodoSchema
from pyramid.exceptions import ConfigurationError
from sqlalchemy import inspect

from benben.db.migrate import downgrade
from benben.kernel.problems import InvalidInput
from benben.resource import Resource
from benben.resource.bounds import default_bounds
from benben.resource.definition import BoundResource
from benben.resource.query import Parser
from benben.testing import API


def test_the_migrations_make_what_the_models_say(api: API) -> None:
    """Tables, columns, constraints and indexes, with nothing left for autogenerate."""
    with api.registry.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})

        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_lead_back_to_nothing(api: API) -> None:
    """A downgrade to the base takes the table away."""
    downgrade(api.registry, "todos")

    assert not inspect(api.registry.engine).has_table("todos_todo")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sort": ("-duo_on",)}, "sort names duo_on, which is not there (did you mean due_on?)"),
        ({"sort": ("details",)}, "sort names details, which is not there"),
        ({"sort": ("task", "-task")}, "sort names a field twice"),
        ({"filters": ("taks",)}, "filters names taks, which is not there (did you mean task?)"),
        ({"embed": ("owner",)}, "embed names owner, which is not there"),
        ({"page_size": 0}, "page_size is not from 1 to 500"),
        ({"page_size": 20, "max_page_size": 10}, "page_size is not from 1 to 10"),
    ],
)
def test_a_resource_that_names_nothing_stops_the_start(wrong: dict[str, Any], sentence: str) -> None:
    """The author learns of it, not the first caller of a list."""
    with pytest.raises(ConfigurationError) as caught:
        bind(**wrong)

    assert str(caught.value) == f"resource todos: {sentence}"


def test_a_list_is_sorted_by_a_key_that_nobody_may_filter_by() -> None:
    """The order of the resource is its own; that of the caller keeps to the filters."""
    parser = Parser(bind(filters=("done",)), default_bounds(), is_list=True)

    assert [(str(key.path), key.descending) for key in parser.parse("").shape.sort] == [("id", False)]
    with pytest.raises(InvalidInput):
        parser.parse("sort=id")


def bind(**arguments: Any) -> BoundResource:
    """Return the resource of things to do with these arguments."""
    resource = Resource(name="todos", model=Todo, schema=TodoSchema, **arguments)
    return BoundResource(resource, TodoSchema(), {})


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave out the version tables of the migrations."""
    return kind != "table" or not str(name).startswith("alembic_version_")
