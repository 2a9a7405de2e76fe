"""Each way to change a row leaves an entry with what the row was and is, or changes nothing."""

from __future__ import annotations

import itertools
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from benben.kernel.mistakes import ConfigurationMistakes
from benben.kernel.problems import Conflict
from benben.resource.events import ResourceChanged
from benben.security.events import LoginAttempted
from benben.testing import API, assert_problem, build_api, statements_of
from tests.functional.audit.conftest import INI, Build, entries, told

MERGE = {"Prefer": "resolution=merge-duplicates"}
EACH = {"Prefer": "results=each"}
TEN = {"Prefer": "max-affected=10"}
COINS = [{"worth": 1}, {"worth": 2}]


def test_creation_change_and_deletion_are_recorded(api: API) -> None:
    """Who, when, by which request, and the row before and after."""
    made = api.post_json("/v1/coins", {"chest_id": chest(api), "worth": 1})
    changed = api.patch_json("/v1/coins/1", {"worth": 2})
    put = api.put_json("/v1/coins/1", {"chest_id": 1, "worth": 3})
    gone = api.delete("/v1/coins/1")

    found = entries(api, "resource=coins")
    assert [(item["action"], item["key"]) for item in found] == [
        ("created", "1"),
        ("patched", "1"),
        ("replaced", "1"),
        ("deleted", "1"),
    ]
    assert [item["request_id"] for item in found] == [answer.headers["X-Request-Id"] for answer in (made, changed, put, gone)]
    rows = [None, *({"id": 1, "chest_id": 1, "worth": worth} for worth in (1, 2, 3)), None]
    assert [(item["before"], item["after"]) for item in found] == list(itertools.pairwise(rows))
    assert [item["changed"] for item in found] == [None, ["worth"], ["worth"], None]
    assert {item["userid"] for item in found} == {"ann"}
    assert {item["scheme"] for item in found} == {"Test"}
    assert abs(datetime.fromisoformat(found[0]["at"]) - datetime.now(UTC)) < timedelta(minutes=1)


def chest(api: API, name: str = "big", **fields: Any) -> int:
    """Make a chest and return its key."""
    key: int = api.post_json("/v1/chests", {"name": name, **fields}).json["id"]
    return key


def test_a_key_that_is_no_number_finds_its_row(api: API) -> None:
    """The databases give it back in other types."""
    key = api.post_json("/v1/maps", {"place": "here"}).json["id"]
    api.patch_json(f"/v1/maps/{key.upper()}", {"place": "there"})
    api.request("/v1/maps?place=there", method="PATCH", body=b'{"place": "x"}', content_type="application/json", headers=TEN)
    api.delete(f"/v1/maps/{key}")

    found = entries(api)
    assert {item["key"] for item in found} == {key}
    assert [item["before"] and item["before"]["place"] for item in found] == [None, "here", "there", "x"]


def test_numbers_have_no_gap(api: API) -> None:
    """Whatever was refused in between."""
    for worth in (1, "one", 3):
        api.post_json("/v1/seals", {"code": f"s{worth}", "worth": worth}, expect_errors=True)

    assert [item["seq"] for item in entries(api)] == [1, 2]


def test_a_list_is_recorded_row_by_row(api: API) -> None:
    """In the order in which it was sent."""
    api.post_json("/v1/seals", [{"code": f"s{number}", "worth": number} for number in range(30)])
    api.patch_json("/v1/seals", [{"code": "s1", "worth": 11}, {"code": "s2", "worth": 12}])

    found = entries(api)
    assert [item["key"] for item in found] == [*(f"s{number}" for number in range(30)), "s1", "s2"]
    assert found[30]["before"] == {"code": "s1", "worth": 1}
    assert found[30]["after"] == {"code": "s1", "worth": 11}
    assert len({item["request_id"] for item in found}) == 2


def test_a_list_that_is_refused_leaves_nothing(api: API) -> None:
    """One wrong row undoes all of them."""
    api.post_json("/v1/seals", {"code": "b", "worth": 0})
    api.post_json("/v1/seals", [{"code": "a", "worth": 1}, {"code": "b", "worth": 1}], status=409)

    assert told(api) == [("created", "seals", "b")]


def test_of_a_list_of_outcomes_what_was_kept_is_recorded(api: API) -> None:
    """A row whose savepoint was rolled back is not."""
    api.post_json("/v1/seals", {"code": "b", "worth": 0})
    answer = api.post_json("/v1/seals", [{"code": code, "worth": 1} for code in "abc"], headers=EACH)

    assert [item["status"] for item in answer.json["results"]] == [201, 409, 201]
    assert told(api) == [("created", "seals", key) for key in "bac"]


def test_a_row_that_a_later_listener_refuses_is_not_recorded(api: API) -> None:
    """Its entry was gathered already when its savepoint was rolled back."""

    def refuse(change: ResourceChanged) -> None:
        if change.key == "b":
            raise Conflict

    api.registry.registerHandler(refuse, (ResourceChanged,))
    answer = api.post_json("/v1/seals", [{"code": code, "worth": 1} for code in "abc"], headers=EACH)

    assert [item["status"] for item in answer.json["results"]] == [201, 409, 201]
    assert told(api) == [("created", "seals", key) for key in "ac"]


def test_changes_by_filter_are_recorded_row_by_row(api: API) -> None:
    """With what each of them was."""
    api.post_json("/v1/seals", [{"code": f"s{number}", "worth": number} for number in range(4)])
    api.request("/v1/seals?worth__gte=2", method="PATCH", body=b'{"worth": 9}', content_type="application/json", headers=TEN)
    api.request("/v1/seals?worth=9", method="DELETE", headers=TEN)

    found = entries(api, "action__ne=created")
    assert [(item["action"], item["key"]) for item in found] == [
        ("patched", "s2"),
        ("patched", "s3"),
        ("deleted", "s2"),
        ("deleted", "s3"),
    ]
    assert [item["before"]["worth"] for item in found] == [2, 3, 9, 9]
    assert [item["after"] and item["after"]["worth"] for item in found] == [9, 9, None, None]


def test_too_many_rows_by_filter_leave_nothing(api: API) -> None:
    """Nothing was changed."""
    api.post_json("/v1/seals", [{"code": f"s{number}", "worth": number} for number in range(4)])
    answer = api.request("/v1/seals?worth__gte=0", method="DELETE", headers={"Prefer": "max-affected=2"}, status=400)

    assert_problem(answer, 400)
    assert {item[0] for item in told(api)} == {"created"}


def test_a_merge_is_recorded_as_what_it_was(api: API) -> None:
    """A new row, or one that was there, with what it was."""
    for worth in (1, 2):
        api.post_json("/v1/chests", {"name": "big", "key_colour": f"no {worth}"}, headers=MERGE)

    found = entries(api)
    assert [item["action"] for item in found] == ["created", "replaced"]
    assert found[1]["before"]["key_colour"] == "no 1"
    assert found[1]["after"]["key_colour"] == "no 2"


def test_a_list_that_is_merged_is_recorded_row_by_row(api: API) -> None:
    """It takes the long way, so that each row is seen as it was."""
    for worth in ("1", "2"):
        chests = [{"name": name, "key_colour": worth} for name in ("big", "small")]
        api.post_json("/v1/chests", chests, headers=MERGE)
        coins = [{"id": key, "chest_id": 1, "worth": int(worth)} for key in (1, 2)]
        api.post_json("/v1/tokens", coins, headers=MERGE)

    for resource, field in (("chests", "key_colour"), ("tokens", "worth")):
        found = entries(api, f"resource={resource}")
        assert [item["action"] for item in found] == ["created", "created", "replaced", "replaced"]
        assert [str(item["before"][field]) for item in found[2:]] == ["1", "1"]
        assert [str(item["after"][field]) for item in found[2:]] == ["2", "2"]


def test_a_merge_without_a_version_is_recorded_too(api: API) -> None:
    """Whether the row was new is seen by what was there before."""
    for worth in (1, 2):
        api.post_json("/v1/seals", {"code": "a", "worth": worth}, headers=MERGE)

    assert [(item["before"], item["after"]["worth"]) for item in entries(api)] == [(None, 1), ({"code": "a", "worth": 1}, 2)]


def test_a_put_that_creates_is_recorded(api: API) -> None:
    """And the same PUT again as a change."""
    for worth in (1, 2):
        api.put_json("/v1/seals/a", {"code": "a", "worth": worth})

    assert told(api) == [("created", "seals", "a"), ("replaced", "seals", "a")]
    assert entries(api)[1]["before"]["worth"] == 1


def test_rows_that_are_written_with_their_parent_are_recorded(api: API) -> None:
    """Added, changed and deleted ones."""
    made = api.post_json("/v1/chests", {"name": "big", "coins": COINS})
    coins = made.json["coins"]
    api.patch_json("/v1/chests/1", {"coins": [{"id": coins[0]["id"], "worth": 10}, {"worth": 3}]})

    found = entries(api, "resource=coins")
    # SQLite gives the last key again.
    new = "2" if api.registry.engine.dialect.name == "sqlite" else "3"
    assert [(item["action"], item["key"]) for item in found] == [
        ("created", "1"),
        ("created", "2"),
        ("deleted", "2"),
        ("patched", "1"),
        ("created", new),
    ]
    assert found[2]["before"]["worth"] == 2
    assert (found[3]["before"]["worth"], found[3]["after"]["worth"]) == (1, 10)
    assert [item["action"] for item in entries(api, "resource=chests")] == ["created", "patched"]


def test_a_batch_is_recorded_as_its_requests_are(api: API) -> None:
    """All in one transaction, of one request."""
    batch = [
        {"method": "POST", "path": "/v1/seals", "body": {"code": "a", "worth": 1}},
        {"method": "PATCH", "path": "/v1/seals/a", "body": {"worth": 2}},
        {"method": "DELETE", "path": "/v1/seals/a"},
    ]
    answer = api.post_json("/v1/batch", {"requests": batch})

    assert told(api) == [(action, "seals", "a") for action in ("created", "patched", "deleted")]
    assert {item["request_id"] for item in entries(api)} == {answer.headers["X-Request-Id"]}


def test_a_batch_that_fails_leaves_nothing(api: API) -> None:
    """What came before the failure is undone."""
    batch = [
        {"method": "POST", "path": "/v1/seals", "body": {"code": "a", "worth": 1}},
        {"method": "DELETE", "path": "/v1/seals/nothing"},
    ]
    api.post_json("/v1/batch", {"requests": batch}, status=404)

    assert told(api) == []


def test_of_a_loose_batch_what_was_kept_is_recorded(api: API) -> None:
    """The other requests have a savepoint each."""
    batch = [
        {"method": "POST", "path": "/v1/seals", "body": {"code": "a", "worth": 1}},
        {"method": "POST", "path": "/v1/seals", "body": {"code": "a", "worth": 2}},
        {"method": "POST", "path": "/v1/seals", "body": {"code": "b", "worth": 3}},
    ]
    api.post_json("/v1/batch", {"requests": batch, "atomic": False}, status=207)

    assert told(api) == [("created", "seals", "a"), ("created", "seals", "b")]


def test_a_trial_leaves_nothing(api: API) -> None:
    """A transaction that the caller wants to be rolled back."""
    api.post_json("/v1/seals", {"code": "a", "worth": 1}, headers={"Prefer": "tx=rollback"})

    assert told(api) == []


def test_a_refused_change_leaves_nothing(api: API) -> None:
    """By a precondition, by absence, by permission."""
    chest(api)
    api.patch_json("/v1/chests/1", {"name": "x"}, headers={"If-Match": '"v9"'}, status=412)
    api.patch_json("/v1/chests/99", {"name": "x"}, status=404)
    api.delete("/v1/chests/99", status=404)
    api.by("bob").patch_json("/v1/chests/1", {"name": "x"}, status=403)

    assert told(api) == [("created", "chests", "1")]


def test_secrets_are_masked_and_their_change_is_told(api: API) -> None:
    """A column that is marked, one that is never sent, one with a telling name; inside JSON too."""
    fields = {"password": "xyzzy", "combination": "3-2-1", "access_token": "abc", "key_colour": "red"}
    chest(api, notes={"pin": 1, "api_key": "k", "deep": [{"password": "p"}]}, **fields)
    api.patch_json("/v1/chests/1", {"password": "plugh"})

    made, changed = entries(api)
    assert made["after"] == {
        "id": 1,
        "name": "big",
        "password": "***",
        "combination": "***",
        "access_token": "***",
        "key_colour": "red",
        "notes": {"pin": 1, "api_key": "***", "deep": [{"password": "***"}]},
        "wood": "oak",
        "owner": "ann",
    }
    assert changed["changed"] == ["password"]
    assert changed["before"] == changed["after"] == made["after"]
    stored = api.registry.engine.connect().execute(text("SELECT * FROM audit_entry")).all()
    assert not re.search("xyzzy|plugh|3-2-1", str(stored))


def test_a_field_that_is_absent_stays_null(api: API) -> None:
    """A mask would say that there is one."""
    chest(api)

    assert entries(api)[0]["after"]["password"] is None
    assert entries(api)[0]["after"]["combination"] is None


def test_what_the_caller_may_not_see_is_recorded_all_the_same(build: Build) -> None:
    """The record is about the row, not about its reader."""
    ini = {"service__coins__field__worth__read": "role:banker", "service__coins__field__worth__write": "role:editor"}
    api = build(**ini)
    answer = api.post_json("/v1/coins", {"chest_id": chest(api), "worth": 7})
    api.patch_json("/v1/coins/1", {"worth": 8})

    assert "worth" not in answer.json
    assert [item["after"]["worth"] for item in entries(api, "resource=coins")] == [7, 8]
    assert entries(api, "resource=coins")[1]["before"]["worth"] == 7


def test_an_event_of_a_feature_is_recorded(api: API) -> None:
    """With what it says, secrets masked by their names."""
    api.post("/v1/opened")

    (found,) = entries(api)
    assert (found["action"], found["resource"], found["key"], found["userid"]) == ("chest-opened", "chests", "7", "ann")
    assert found["after"] == {"by": "hand", "secret": "***"}


def test_an_event_on_a_safe_request_is_recorded(api: API) -> None:
    """It has no transaction, so that the entry gets one of its own."""
    api.get("/v1/opened")

    assert told(api) == [("chest-opened", "chests", "7")]


def test_an_event_is_undone_with_its_request(api: API) -> None:
    """It has not happened."""
    api.post("/v1/opened?fail=1", status=409)

    assert told(api) == []


def test_an_event_that_is_kept_outlives_the_refusal(api: API) -> None:
    """On a request with a transaction and on one without."""
    api.post("/v1/denied", status=403)
    api.get("/v1/denied", status=403)

    assert told(api) == [("chest-locked", "chests", "7")] * 2


def test_an_event_that_is_kept_outlives_a_savepoint(api: API) -> None:
    """The request of a loose batch is refused, the batch is not."""
    batch = [
        {"method": "POST", "path": "/v1/denied"},
        {"method": "POST", "path": "/v1/seals", "body": {"code": "a", "worth": 1}},
    ]
    api.post_json("/v1/batch", {"requests": batch, "atomic": False}, status=207)

    assert told(api) == [("chest-locked", "chests", "7"), ("created", "seals", "a")]


def test_logins_are_recorded(api: API) -> None:
    """Those that failed as well, as tries of nobody."""
    api.post("/v1/logged")
    api.post("/v1/logged?fail=1", status=401)

    assert told(api) == [("login", "login", "ada"), ("login-refused", "login", "ada")]
    assert [item["userid"] for item in entries(api)] == ["ada", "ann"]


def test_a_login_does_not_hold_the_database(api: API) -> None:
    """What the feature writes after it on another connection does not wait for it."""
    seen = []

    def write(_attempt: LoginAttempted) -> None:
        began = time.monotonic()
        with api.registry.engine.begin() as connection:
            connection.execute(text("INSERT INTO vault_seal (code, worth) VALUES ('other', 1)"))
        seen.append(time.monotonic() - began)

    api.registry.registerHandler(write, (LoginAttempted,))
    api.post("/v1/logged")

    assert max(seen) < 2
    assert told(api) == [("login", "login", "ada")]


def test_logins_may_be_left_out(build: Build) -> None:
    """By a setting."""
    api = build(audit__logins="off")
    api.post("/v1/logged")

    assert told(api) == []


def test_a_resource_may_be_left_out(build: Build) -> None:
    """It costs nothing then."""
    api = build(audit__skip="seals")
    with statements_of(api) as sent:
        api.post_json("/v1/seals", {"code": "a", "worth": 1})

    assert told(api) == []
    assert len([sql for sql in sent if not sql.startswith(("BEGIN", "COMMIT"))]) == 1


def test_an_address_is_recorded_unless_it_must_not(build: Build) -> None:
    """A matter of privacy."""
    for setting in ("on", "off"):
        api = build(audit__addresses=setting)
        api.extra_environ["REMOTE_ADDR"] = "192.0.2.7"
        api.post("/v1/opened")

    assert [item["address"] for item in entries(api)] == ["192.0.2.7", None]


def test_the_tenant_is_recorded_where_there_is_one(build: Build) -> None:
    """Who need not say one for a resource without tenants may leave it out."""
    api = build(plugin__tenant="on").by("root", "admin")
    for number, headers in enumerate([{}, {"X-Tenant": "acme"}]):
        api.post_json("/v1/seals", {"code": f"s{number}", "worth": 1}, headers=headers)

    assert [item["tenant"] for item in entries(api)] == [None, "acme"]


def test_a_misspelt_resource_stops_the_start(tmp_path: Path) -> None:
    """It would be recorded in silence."""
    with pytest.raises(ConfigurationMistakes, match=r"audit\.skip: there is no resource seal"):
        build_api(tmp_path, INI | {"audit.skip": "seal"})


def test_without_it_a_change_costs_what_it_did(tmp_path: Path, database_url: str) -> None:
    """Nothing is read before, nothing is imported, nothing is written."""
    ini = {"plugin.books": "on"}
    api = build_api(tmp_path, ini, database_url=database_url).by("ann", "editor")
    with statements_of(api) as sent:
        api.post_json("/v1/authors", {"name": "Ada"})
        api.patch_json("/v1/authors/1", {"name": "Ada L."})
        api.delete("/v1/authors/1")

    assert len([sql for sql in sent if not sql.startswith(("BEGIN", "COMMIT"))]) == 3
    assert api.registry.row_watches == []
    api.close()


def test_a_change_costs_few_statements(api: API) -> None:
    """One more to know the row as it was; one on PostgreSQL and three on SQLite for the chain."""
    key = chest(api)
    api.post_json("/v1/coins", {"chest_id": key, "worth": 1})
    with statements_of(api) as sent:
        api.patch_json("/v1/coins/1", {"worth": 2})

    chained = 1 if api.registry.engine.dialect.name == "postgresql" else 3
    assert len([sql for sql in sent if not sql.startswith(("BEGIN", "COMMIT"))]) == 2 + chained


def test_a_change_that_cannot_be_recorded_is_not_made(api: API) -> None:
    """It fails closed."""
    with api.registry.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO audit_lost"))
    api.post_json("/v1/seals", {"code": "a", "worth": 1}, status=500)
    with api.registry.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_lost RENAME TO audit_head"))

    assert api.get("/v1/seals").json["items"] == []
    assert told(api) == []


def test_a_refusal_that_cannot_be_recorded_stays_a_refusal(api: API, caplog: pytest.LogCaptureFixture) -> None:
    """It fails open, with an error in the log."""
    with api.registry.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO audit_lost"))
    api.post("/v1/denied", status=403)

    assert "not recorded: chest-locked chests '7'" in caplog.text
