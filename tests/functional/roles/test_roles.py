"""Roles as sets of permissions, from the ini and from the database, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, assert_problem, build_api

KNOWN = {"roles": "benben.features.roles", "books": "benben_books"}
INI = {"plugin.roles": "on", "plugin.books": "on", "roles.define": "\n  librarian = authors.* books.read\n  clerk = books.read"}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path, database_url: str) -> Any:
    """A function that makes a library with roles."""
    made: list[API] = []

    def make(**ini: str) -> API:
        made.append(build_api(tmp_path, {**INI, **ini}, database_url=database_url, known=KNOWN))
        return made[-1]

    yield make
    for api in made:
        api.close()


def test_a_role_of_the_ini_gives_what_it_lists(build: Build) -> None:
    """Beside what rules give; nothing else."""
    api = build()

    assert api.by("ann", "librarian").post_json("/v1/authors", {"name": "Lem"}).status_code == 201
    assert_problem(api.by("ann", "clerk").post_json("/v1/authors", {"name": "x"}, expect_errors=True), 403, "forbidden")
    assert_problem(api.by("ann", "librarian").post_json("/v1/books", {"title": "x"}, expect_errors=True), 403, "forbidden")


def test_a_role_of_the_database_works_from_the_next_request_on(build: Build) -> None:
    """Made, changed and taken away by the administrator while the server runs."""
    api = build()
    admin, ann = api.by("root", "admin"), api.by("ann", "writer")

    def may() -> int:
        return int(ann.post_json("/v1/authors", {"name": "Lem"}, expect_errors=True).status_code)

    before = may()
    admin.post_json("/v1/roles", {"name": "writer", "permissions": ["authors.write"]})
    made = may()
    admin.patch_json("/v1/roles/writer", {"permissions": ["authors.read"]})
    changed = may()
    admin.put_json("/v1/roles/writer", {"name": "writer", "permissions": ["*"]})
    everything = may()
    admin.delete("/v1/roles/writer")

    assert [before, made, changed, everything, may()] == [403, 201, 403, 201, 403]


def test_another_process_learns_of_a_role_within_seconds(build: Build) -> None:
    """Two applications on one database; the second asks again when its answer is old."""
    api = build(**{"roles.recheck": "1"})
    other = build(**{"roles.recheck": "1"})
    ann = other.by("ann", "writer")
    assert ann.post_json("/v1/authors", {"name": "x"}, expect_errors=True).status_code == 403

    api.by("root", "admin").post_json("/v1/roles", {"name": "writer", "permissions": ["authors.write"]})
    other.registry.security.grants.__self__._until = 0

    assert ann.post_json("/v1/authors", {"name": "x"}).status_code == 201


def test_nobody_is_nobody_for_roles_too(build: Build) -> None:
    """What an operator gives to nobody no role gives back."""
    api = build(**{"service.authors.permission.write": "nobody"})

    assert_problem(api.by("ann", "librarian").post_json("/v1/authors", {"name": "x"}, expect_errors=True), 403, "forbidden")


def test_only_the_administrator_sees_and_changes_roles(build: Build) -> None:
    """Whoever could change roles would have every permission."""
    api = build()

    assert_problem(api.by("ann", "librarian").get("/v1/roles", expect_errors=True), 403, "forbidden")
    body = {"name": "writer", "permissions": ["*"]}
    assert_problem(api.by("ann", "librarian").post_json("/v1/roles", body, expect_errors=True), 403, "forbidden")


def test_a_permission_that_nobody_declares_is_refused(build: Build) -> None:
    """With the name that may be meant, each at its place."""
    admin = build().by("root", "admin")

    answer = admin.post_json("/v1/roles", {"name": "x", "permissions": ["books.read", "bokks.write", "*"]}, expect_errors=True)

    assert_problem(answer, 400, "invalid-input")
    (fault,) = answer.json["errors"]
    assert (fault["pointer"], fault["code"]) == ("/permissions/1", "unknown")
    assert "did you mean books.write?" in fault["detail"]


def test_scopes_narrow_what_a_role_gives(build: Build) -> None:
    """A token for reading does not write, whoever holds it, an administrator too."""
    api = build()
    body = {"name": "x"}

    for scope, status in (("authors.read", 403), ("authors.write", 201), ("authors.*", 201), ("*", 201), ("books.write", 403)):
        for role in ("librarian", "admin"):
            answer = api.by("ann", role, f"scope={scope}").post_json("/v1/authors", body, expect_errors=True)
            assert answer.status_code == status, (scope, role)


def test_a_caller_learns_what_they_may_do(build: Build) -> None:
    """Permissions by name, and the rules about rows and fields."""
    rules = {"service.books.row.read.clerk": "price < 10", "service.books.field.isbn.write": "role:librarian"}
    ann = build(**rules).by("ann", "clerk", "scope=books.*,me.permissions")

    answer = ann.get("/v1/me/permissions").json

    assert answer["userid"] == "ann"
    assert answer["roles"] == ["clerk"]
    assert answer["scopes"] == ["books.*", "me.permissions"]
    assert [item["name"] for item in answer["permissions"]] == ["books.read", "me.permissions"]
    assert answer["resources"] == {"books": {"rows": {"read": "price < 10", "write": "all"}, "read_only": ["isbn"]}}


def test_a_stranger_is_asked_who_they_are(build: Build) -> None:
    """There is nothing to say of nobody."""
    assert_problem(build().get("/v1/me/permissions", expect_errors=True), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("librarian books.read", "is none"),
        ("librarian = books.raed", "did you mean books.read?"),
        ("a = books.read\n a = books.write", "names a role again"),
        ("Öle = books.read", "is none"),
    ],
)
def test_a_definition_that_cannot_be_read_stops_the_start(tmp_path: Path, text: str, expected: str) -> None:
    """With what is wrong with it."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, {**INI, "roles.define": text}, known=KNOWN)

    assert any(item.key == "roles.define" and expected in item.text for item in caught.value.mistakes), caught.value
