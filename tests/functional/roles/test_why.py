"""``benben why``: the rule that decides is the one that is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benben.cli.why import explain_decision
from benben.security.identity import Identity
from benben.testing import API, build_api

KNOWN = {"roles": "benben.features.roles", "books": "benben_books"}
INI = {
    "plugin.roles": "on",
    "plugin.books": "on",
    "roles.define": "clerk = books.write",
    "service.authors.permission.write": "role:librarian user:eve",
    "service.books.row.read.reader": "all",
    "service.books.row.editor": "price < 10",
    "service.books.field.isbn.write": "role:librarian",
}


@pytest.fixture
def api(tmp_path: Path, database_url: str) -> Iterator[API]:
    """A library of a cheap book and a dear one."""
    found = build_api(tmp_path, INI, database_url=database_url, known=KNOWN)
    admin = found.by("root", "admin")
    admin.post_json("/v1/authors", {"name": "Lem"})
    admin.post_json(
        "/v1/books", [{"title": "cheap", "author_id": 1, "price": "5.00"}, {"title": "dear", "author_id": 1, "price": "50.00"}]
    )
    yield found
    found.close()


def who(name: str, *roles: str, scopes: frozenset[str] | None = None) -> Identity:
    """Return an identity."""
    return Identity(name, frozenset(roles), scopes=scopes)


@pytest.mark.parametrize(
    ("method", "path", "identity", "status", "said"),
    [
        ("GET", "/v1/books", None, 401, "has to say who they are"),
        ("GET", "/v1/bokks", None, 404, "none matches /v1/bokks"),
        ("DELETE", "/v1/me/permissions", who("x"), 405, "has no DELETE"),
        ("GET", "/v1/books/1", who("ann", "reader"), 200, "authenticated"),
        ("GET", "/v1/books/1", who("ann", "editor"), 200, "service.books.row.editor = price < 10"),
        ("GET", "/v1/books/2", who("ann", "editor"), 404, "2 is there, and not among the rows of this caller"),
        ("GET", "/v1/books/9", who("ann", "editor"), 404, "there is no 9"),
        ("GET", "/v1/books/x", who("ann", "editor"), 404, "x is no key of books"),
        ("PATCH", "/v1/books/2", who("ann", "editor", "reader"), 403, "2 may be seen and not be written"),
        ("PATCH", "/v1/books/1", who("ann", "editor"), 200, "isbn"),
        ("PATCH", "/v1/books/1", who("ann", "clerk", "editor"), 200, "role:editor"),
        ("POST", "/v1/books", who("ann", "clerk"), 200, "role clerk has it (roles.define)"),
        ("POST", "/v1/books", who("ann", "reader"), 403, "no word of the rule fits"),
        ("POST", "/v1/authors", who("eve"), 200, "user:eve"),
        ("POST", "/v1/authors", who("ann", "librarian"), 200, "service.authors.permission.write in the ini"),
        ("POST", "/v1/authors", who("root", "admin"), 200, "role:admin"),
        ("POST", "/v1/authors", who("root", "admin", scopes=frozenset({"books.read"})), 403, "the scopes of the credentials"),
    ],
)
def test_the_rule_that_decides_is_named(
    api: API, method: str, path: str, identity: Identity | None, status: int, said: str
) -> None:
    """For every way in which it may be decided."""
    decision = explain_decision(api.assembly, method, path, identity=identity)

    assert decision.status == status, decision
    assert any(said in text for _, text in decision.steps), decision


def test_what_is_said_is_what_happens(api: API) -> None:
    """The same callers at the same addresses, asked for real."""
    for roles in ((), ("reader",), ("editor",), ("clerk",), ("librarian",), ("admin",)):
        for path in ("/v1/books/1", "/v1/books/2", "/v1/books/9", "/v1/authors/1", "/v1/roles", "/v1/nothing"):
            said = explain_decision(api.assembly, "GET", path, identity=who("ann", *roles)).status
            assert api.by("ann", *roles).get(path, expect_errors=True).status_code == said, (roles, path)
