"""Keys are made, shown once, listed and revoked by their users."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from benben.db.models import utc_now
from benben.features.apikey.models import ApiKey
from benben.features.identity.models import User
from benben.kernel.wire import instant_text
from benben.testing import API, assert_problem
from tests.functional.apikey.conftest import make, me


def later(**span: float) -> str:
    """Return an instant in the future as a caller writes it."""
    return instant_text(utc_now() + datetime.timedelta(**span))


def test_a_key_is_made_and_shown_once(build: Any, database_url: str) -> None:
    """In the answer that makes it, with an address of its own that does not show it again."""
    api = build(database_url=database_url)
    ada = api.by("ada")
    expires_at = later(days=1)

    answer = ada.post_json("/v1/api-keys", {"name": "report", "scopes": ["books.read"], "expires_at": expires_at}, status=201)

    item = answer.json
    key = item.pop("key")
    assert key.startswith(f"{item['id']}.")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Location"].endswith(f"/v1/api-keys/{item['id']}")
    assert (item["name"], item["scopes"], item["expires_at"]) == ("report", ["books.read"], expires_at)
    shown, listed = ada.get(answer.headers["Location"]), ada.get("/v1/api-keys")
    assert shown.json == item
    assert listed.json == {"items": [item], "next": None, "prev": None}
    assert "no-store" in shown.headers["Cache-Control"]
    assert api.get("/v1/books", headers={"X-API-Key": key}).status_int == 200


def test_the_key_itself_is_kept_nowhere(api: API) -> None:
    """What is in the database opens nothing."""
    key = make(api)

    with api.registry.engine.connect() as connection:
        stored = str(connection.execute(select(ApiKey.__table__)).all())
    assert key.partition(".")[2] not in stored


def test_a_revoked_key_is_gone(build: Any, database_url: str) -> None:
    """At once in the process that revokes it."""
    api = build(database_url=database_url)
    key = make(api)
    assert me(api, key).status_int == 200

    key_id = key.partition(".")[0]
    assert api.by("ada").delete(f"/v1/api-keys/{key_id}", status=204).body == b""

    assert_problem(me(api, key), 401, "apikey-invalid")
    assert_problem(api.by("ada").get(f"/v1/api-keys/{key_id}", status="*"), 404, "apikey-unknown")
    assert_problem(api.by("ada").delete(f"/v1/api-keys/{key_id}", status="*"), 404, "apikey-unknown")


def test_everybody_sees_their_own_alone(api: API) -> None:
    """Another's is answered as one that nobody has, to an administrator too."""
    key = make(api)
    key_id = key.partition(".")[0]

    for other in (api.by("bob"), api.by("root", "admin")):
        assert other.get("/v1/api-keys").json["items"] == []
        answers = [other.get(f"/v1/api-keys/{name}", status="*") for name in (key_id, "bb_aaaaaaaaaaaa")]
        answers.append(other.delete(f"/v1/api-keys/{key_id}", status="*"))
        documents = [assert_problem(answer, 404, "apikey-unknown") for answer in answers]
        for document in documents:
            document.pop("instance")
        assert documents[0] == documents[1] == documents[2]
    assert me(api, key).status_int == 200


@pytest.mark.parametrize("key_id", ["%00", "bb_", "%C3%A9", "x" * 300, "bb_../..", "'"])
def test_an_id_that_is_none_is_not_found(api: API, key_id: str) -> None:
    answer = api.by("ada").get(f"/v1/api-keys/{key_id}", status="*")

    assert answer.status_int in (400, 404), answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "x", "scopes": ["books.red"]}, "/scopes/0"),
        ({"name": "x", "scopes": ["books.read", "Books"]}, "/scopes/1"),
        ({"name": "x", "scopes": ["nothing.*"]}, "/scopes/0"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "x", "expires_at": "soon"}, "/expires_at"),
        ({"name": "x", "user": "bob"}, "/user"),
        ({"name": "x", "key": "bb_x.y"}, "/key"),
    ],
)
def test_a_bad_wish_is_told_with_its_place(api: API, body: dict[str, Any], pointer: str) -> None:
    """And no key is made."""
    document = assert_problem(api.by("ada").post_json("/v1/api-keys", body, status="*"), 400, "invalid-input")

    assert [error["pointer"] for error in document["errors"]] == [pointer]
    assert api.by("ada").get("/v1/api-keys").json["items"] == []


def test_nobody_makes_a_key_that_reaches_further_than_they_do(api: API) -> None:
    """Narrowed credentials make narrowed keys."""
    ada = api.by("ada", "scope=apikey.write,books.*")

    same = ada.post_json("/v1/api-keys", {"name": "same"}).json
    less = ada.post_json("/v1/api-keys", {"name": "less", "scopes": ["books.read"]}).json
    more = ada.post_json("/v1/api-keys", {"name": "more", "scopes": ["books.read", "authors.read"]}, status="*")

    assert (same["scopes"], less["scopes"]) == (["apikey.write", "books.*"], ["books.read"])
    assert assert_problem(more, 400)["errors"][0]["pointer"] == "/scopes/1"


def test_a_key_makes_no_key_that_outlives_it(api: API) -> None:
    """Else a key that was to be short would never end."""
    ends = utc_now() + datetime.timedelta(hours=1)
    headers = {"X-API-Key": make(api, expires_at=ends)}

    made = api.post_json("/v1/api-keys", {"name": "next"}, headers=headers).json
    longer = api.post_json("/v1/api-keys", {"name": "long", "expires_at": later(days=2)}, headers=headers, status="*")

    assert made["expires_at"] == instant_text(ends)
    assert_problem(longer, 400, "invalid-input")


def test_an_operator_may_bound_the_life_of_keys(build: Any) -> None:
    """``apikey.max_ttl`` in days: the default, and the most."""
    ada = build(apikey__max_ttl="30").by("ada")

    made = ada.post_json("/v1/api-keys", {"name": "x"}).json["expires_at"]
    assert abs((datetime.datetime.fromisoformat(made) - utc_now()).total_seconds() - 30 * 86400) < 60
    assert_problem(ada.post_json("/v1/api-keys", {"name": "x", "expires_at": later(days=31)}, status="*"), 400)


def test_the_number_of_keys_is_bounded(build: Any) -> None:
    """For each user."""
    api = build(apikey__max_keys="2")
    for _ in range(2):
        api.by("ada").post_json("/v1/api-keys", {"name": "x"}, status=201)

    assert_problem(api.by("ada").post_json("/v1/api-keys", {"name": "x"}, status="*"), 409, "apikey-too-many")
    api.by("bob").post_json("/v1/api-keys", {"name": "x"}, status=201)


def test_who_is_no_user_has_no_keys(api: API) -> None:
    """Nobody would be known by it."""
    assert_problem(api.by("client:reports").post_json("/v1/api-keys", {"name": "x"}, status="*"), 409, "apikey-no-owner")


def test_a_stranger_makes_no_keys(api: API) -> None:
    assert_problem(api.post_json("/v1/api-keys", {"name": "x"}, status="*"), 401, "unauthenticated")


def test_what_happens_to_keys_is_recorded(build: Any) -> None:
    """By whom and to which one; the key itself is in no record."""
    api = build(plugin__audit="on")
    made = api.by("ada").post_json("/v1/api-keys", {"name": "x"}).json
    api.by("ada").delete(f"/v1/api-keys/{made['id']}")

    entries = api.by("root", "admin").get("/v1/audit?resource=api-keys").json["items"]

    assert [(entry["action"], entry["userid"], entry["key"]) for entry in entries] == [
        ("api-key-revoked", "ada", made["id"]),
        ("api-key-made", "ada", made["id"]),
    ]
    assert made["key"].partition(".")[2] not in str(entries)


def test_the_keys_of_a_user_who_is_gone_are_worth_nothing(api: API) -> None:
    """Whoever is not there is not let in."""
    key = make(api, user="bob")
    with Session(api.registry.engine) as session, session.begin():
        session.delete(session.scalars(select(User).where(User.name == "bob")).one())
    time.sleep(1.05)

    assert_problem(me(api, key), 401, "apikey-invalid")
