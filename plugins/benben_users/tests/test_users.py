"""Users and notes from a client's side, and from that of a package that changes them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benben.testing import API, assert_problem, build_api

INI = {"plugin.identity": "on", "identity.hash_profile": "cheapest", "plugin.users": "on", "plugin.docs": "on"}
KNOWN = {"identity": "benben.features.identity", "users": "benben_users", "docs": "benben.features.docs"}
ADA = {"name": "ada", "email": "ada@example.org"}
Build = Callable[..., API]


@pytest.fixture
def build(tmp_path: Path, database_url: str) -> Iterator[Build]:
    """A function that starts an application."""
    made: list[API] = []

    def build(**ini: str) -> API:
        sys.path.insert(0, str(Path(__file__).parent))
        try:
            made.append(build_api(tmp_path, {**INI, **ini}, database_url=database_url, known={**KNOWN, "acme_users": "acme"}))
        finally:
            sys.path.pop(0)
        return made[-1]

    yield build
    for api in made:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """Ada and Bob."""
    found = build()
    root = found.by("root", "admin")
    root.post_json("/v1/users", ADA)
    root.post_json("/v1/users", {"name": "bob"})
    return found


def test_the_administrator_lists_and_adds_users(api: API) -> None:
    """Every fault of a new one is told at once, and a name that is taken is a conflict."""
    root = api.by("root", "admin")

    listed = root.get("/v1/users").json
    assert [(user["name"], user["email"]) for user in listed["items"]] == [("ada", "ada@example.org"), ("bob", None)]
    refused = root.post_json("/v1/users", {"name": "A B", "password": 1, "mail": "x"}, expect_errors=True).json["errors"]
    assert [fault["pointer"] for fault in refused] == ["/name", "/password", "/mail"]
    assert root.post_json("/v1/users", ADA, expect_errors=True).status_code == 409
    assert_problem(api.by("ada").get("/v1/users", expect_errors=True), 403, "forbidden")


def test_everybody_sees_themselves(api: API) -> None:
    """And nobody else, whether there is somebody or not."""
    ada = api.by("ada")

    assert ada.get("/v1/users/ada").json["email"] == "ada@example.org"
    assert ada.get("/v1/users/bob", expect_errors=True).status_code == 403
    assert ada.get("/v1/users/nobody", expect_errors=True).status_code == 403
    assert api.by("root", "admin").get("/v1/users/nobody", expect_errors=True).status_code == 404
    assert ada.get("/v1/users/me").json["userid"] == "ada"


def test_a_note_is_its_owners(api: API) -> None:
    """By the access control list of the note that the path leads to; no view asks."""
    ada, bob = api.by("ada"), api.by("bob")
    made = ada.post_json("/v1/users/ada/notes", {"title": "mine"})

    assert made.status_code == 201
    assert ada.get(made.headers["Location"]).json["title"] == "mine"
    for method in ("GET", "DELETE"):
        assert bob.request("/v1/users/ada/notes/1", method=method, expect_errors=True).status_code == 403
    assert bob.post_json("/v1/users/ada/notes", {"title": "x"}, expect_errors=True).status_code == 403
    assert api.get("/v1/users/ada/notes/1", expect_errors=True).status_code == 401
    assert api.by("root", "admin").get("/v1/users/ada/notes").json["items"][0]["title"] == "mine"
    assert api.by("root", "admin").delete("/v1/users/ada/notes/1", expect_errors=True).status_code == 403
    assert ada.delete("/v1/users/ada/notes/1").status_code == 204
    assert ada.get("/v1/users/ada/notes/1", expect_errors=True).status_code == 404


def test_a_shared_note_is_read_by_everybody_who_is_known(api: API) -> None:
    """And written by its owner alone."""
    api.by("ada").post_json("/v1/users/ada/notes", {"title": "ours", "is_shared": True})

    assert api.by("bob").get("/v1/users/ada/notes/1").json["title"] == "ours"
    assert api.by("bob").delete("/v1/users/ada/notes/1", expect_errors=True).status_code == 403
    assert api.by("bob").get("/v1/users/bob/notes/1", expect_errors=True).status_code == 404


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [(b"{", "application/json", 400), (b'{"title": ""}', "application/json", 400), (b"x", "text/plain", 415)],
)
def test_what_is_no_note_is_refused(api: API, body: bytes, content_type: str, status: int) -> None:
    """As everywhere."""
    answer = api.by("ada").post("/v1/users/ada/notes", body, content_type=content_type, expect_errors=True)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_another_package_changes_view_renderer_permission_and_schema(build: Build) -> None:
    """Without an edit; what it does not change stays as it is."""
    api = build(**{"plugin.acme_users": "on"})
    ada = api.by("ada")

    listed = ada.get("/v1/users")
    assert (listed.text, listed.content_type) == ("acme\nnames\n", "text/plain")
    refused: Any = ada.post_json("/v1/users/ada/notes", {"title": "too long"}, expect_errors=True)
    assert refused.json["errors"][0]["detail"] == "Must have at most 5 characters."
    assert ada.post_json("/v1/users/ada/notes", {"title": "short"}).status_code == 201


def test_a_user_is_made_by_a_call_too(api: API) -> None:
    """The same function."""
    from benben_users.operations import create_user

    from benben.kernel.problems import InvalidInput
    from benben.operation import Scope

    with Scope(api.registry):
        assert create_user("eve", email="eve@example.org").name == "eve"
    with pytest.raises(InvalidInput) as caught, Scope(api.registry):
        create_user("E V E")
    assert [fault.pointer for fault in caught.value.errors] == ["/name"]
