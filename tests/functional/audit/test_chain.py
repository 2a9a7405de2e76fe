"""An entry that was changed, removed or put in behind the server's back is found."""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from benben.features.audit.verification import Verdict, export, verify, verify_export
from benben.testing import API, assert_problem, build_api
from tests.functional.audit.conftest import INI, Build, entries
from tests.functional.audit.vault import Base

CANONICAL = (
    "action",
    "address",
    "after",
    "at",
    "before",
    "changed",
    "key",
    "request_id",
    "resource",
    "scheme",
    "seq",
    "tenant",
    "userid",
)
REFUSED = (
    "UPDATE audit_entry SET userid = 'eve' WHERE seq = 2",
    "DELETE FROM audit_entry WHERE seq = 2",
    "DELETE FROM audit_entry",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET seq = 1",
    "UPDATE audit_head SET hash = 'x'",
)


@pytest.fixture
def filled(api: API) -> API:
    """A vault in which seven things have happened, with texts of every kind."""
    for number in range(5):
        api.post_json("/v1/seals", {"code": f"s{number}", "worth": number})
    api.post_json("/v1/chests", {"name": 'Größe "\\ \u2028 🗝', "notes": {"b": 1.5, "a": [None, True, 10**15], "ä": 1e22}})
    api.patch_json("/v1/chests/1", {"name": "small"})
    return api


def verified(api: API, anchors: dict[int, str] | None = None) -> Verdict:
    """Return what the verification of the whole chain finds."""
    with api.registry.engine.connect() as connection:
        return verify(connection, lambda _number: None, anchors=anchors or {})


def tamper(api: API, *statements: str) -> None:
    """Run statements past the triggers, as who owns the database can."""
    with api.registry.engine.begin() as connection:
        _disarm(connection)
        for statement in statements:
            connection.exec_driver_sql(statement)


def _disarm(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def test_what_was_written_is_right(filled: API) -> None:
    """The verdict names the last entry, for who wants to note it elsewhere."""
    last = entries(filled)[-1]

    assert verified(filled) == Verdict(7, 7, last["hash"])


def test_an_empty_chain_is_right(api: API) -> None:
    """Nothing has happened yet."""
    assert verified(api) == Verdict(0, 0, "0" * 64)


def test_anybody_can_compute_the_hashes(filled: API) -> None:
    """From the items of the API alone: sorted names, no space, one line end between the hash before and the entry."""
    previous = "0" * 64
    for item in entries(filled):
        assert sorted(item) == sorted([*CANONICAL, "hash"])
        # Python writes 1e+22 where the document has 1e22.
        canonical = json.dumps(
            {name: item[name] for name in CANONICAL}, separators=(",", ":"), ensure_ascii=False, sort_keys=True
        )
        canonical = canonical.replace("1e+22", "1e22")
        previous = hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()
        assert item["hash"] == previous


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit_entry SET userid = 'eve' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET userid = NULL WHERE seq = 3", 3),
        ('UPDATE audit_entry SET after = \'{"code":"s2","worth":20}\' WHERE seq = 3', 3),
        ('UPDATE audit_entry SET after = \'{"code":"s2","worth": 2}\' WHERE seq = 3', 3),
        ("UPDATE audit_entry SET before = '{}' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET key = 's9' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET action = 'deleted' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET resource = 'chests' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET request_id = 'x' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET scheme = 'Bearer' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET address = '127.0.0.1' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET tenant = 'acme' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET changed = '[]' WHERE seq = 3", 3),
        ("UPDATE audit_entry SET hash = (SELECT hash FROM audit_entry WHERE seq = 2) WHERE seq = 3", 3),
        ("DELETE FROM audit_entry WHERE seq = 3", 3),
        ("DELETE FROM audit_entry WHERE seq = 1", 1),
        ("DELETE FROM audit_entry WHERE seq = 7", 7),
        ("DELETE FROM audit_entry WHERE seq >= 5", 5),
        ("DELETE FROM audit_entry", 1),
        ("DELETE FROM audit_head", 1),
        ("UPDATE audit_head SET hash = 'x'", 7),
        ("UPDATE audit_head SET seq = 6, hash = (SELECT hash FROM audit_entry WHERE seq = 6)", 7),
    ],
)
def test_one_change_behind_the_back_is_found(filled: API, statement: str, broken: int) -> None:
    """Each column, an entry from anywhere, and the head."""
    tamper(filled, statement)

    assert verified(filled).broken == broken
    assert verified(filled).reason


def test_a_changed_instant_is_found(filled: API) -> None:
    """By a microsecond."""
    is_sqlite = filled.registry.engine.dialect.name == "sqlite"
    one = "substr(at, 1, 25) || ((substr(at, 26, 1) + 1) % 10) || 'Z'" if is_sqlite else "at + interval '1 microsecond'"
    tamper(filled, f"UPDATE audit_entry SET at = {one} WHERE seq = 4")

    assert verified(filled).broken == 4


def test_entries_that_changed_places_are_found(filled: API) -> None:
    """The hashes go with them and do not fit there."""
    swap = "UPDATE audit_entry SET seq = {} WHERE seq = {}"
    tamper(filled, swap.format(99, 2), swap.format(2, 3), swap.format(3, 99))

    assert verified(filled).broken == 2


def test_an_entry_that_was_put_in_is_found(filled: API) -> None:
    """Behind the head, where it breaks no hash."""
    columns = "at, userid, scheme, address, request_id, tenant, action, resource, key, changed, before, after, hash"
    tamper(filled, f"INSERT INTO audit_entry (seq, {columns}) SELECT 8, {columns} FROM audit_entry WHERE seq = 7")

    assert verified(filled).broken == 8


def test_who_rewrites_everything_is_found_by_an_anchor(filled: API) -> None:
    """All hashes are right again; only who has noted one elsewhere can tell."""
    anchor = verified(filled)
    previous = "0" * 64
    statements = []
    for item in entries(filled):
        item["userid"] = "eve"
        canonical = json.dumps(
            {name: item[name] for name in CANONICAL}, separators=(",", ":"), ensure_ascii=False, sort_keys=True
        )
        previous = hashlib.sha256(f"{previous}\n{canonical.replace('1e+22', '1e22')}".encode()).hexdigest()
        statements.append(f"UPDATE audit_entry SET userid = 'eve', hash = '{previous}' WHERE seq = {item['seq']}")
    tamper(filled, *statements, f"UPDATE audit_head SET hash = '{previous}'")

    assert verified(filled).broken is None
    assert verified(filled, {anchor.seq: anchor.hash}).broken == 7
    assert verified(filled, {99: anchor.hash}).broken == 99


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_to_change_the_record(filled: API, statement: str) -> None:
    """To the user of the server itself."""
    with pytest.raises(DatabaseError, match="only grows"), filled.registry.engine.begin() as connection:
        connection.execute(text(statement))

    assert verified(filled).broken is None


def test_the_database_refuses_to_replace_or_empty_the_record(filled: API) -> None:
    """The ways around the triggers of UPDATE and DELETE."""
    if filled.registry.engine.dialect.name == "postgresql":
        statements = ["TRUNCATE audit_entry", "TRUNCATE audit_head"]
    else:
        columns = "seq, at, userid, scheme, action, resource, key, hash"
        statements = [
            f"INSERT OR REPLACE INTO audit_entry ({columns}) SELECT 2, at, 'eve', scheme, action, resource, key, hash "
            "FROM audit_entry WHERE seq = 3",
            "INSERT OR REPLACE INTO audit_head (id, seq, hash) VALUES (1, 99, 'x')",
        ]
    for statement in statements:
        with pytest.raises(DatabaseError, match="only grows"), filled.registry.engine.begin() as connection:
            connection.execute(text(statement))

    assert verified(filled).broken is None


def test_an_export_is_verified_by_itself(filled: API) -> None:
    """From the beginning or from an entry on; what is changed in it is found."""
    whole, rest = io.BytesIO(), io.BytesIO()
    with filled.registry.engine.connect() as connection:
        assert export(connection, whole, lambda _number: None) == 7
        assert export(connection, rest, lambda _number: None, after=4) == 3
        with pytest.raises(ValueError, match="no entry 70"):
            export(connection, io.BytesIO(), lambda _number: None, after=70)

    assert _verified(whole.getvalue()) == verified(filled)
    assert _verified(rest.getvalue()) == Verdict(3, 7, verified(filled).hash)
    assert _verified(whole.getvalue().replace(b'"worth":2', b'"worth":9')).broken == 3
    lines = whole.getvalue().splitlines(keepends=True)
    assert _verified(b"".join(lines[:4] + lines[5:])).broken == 4
    with pytest.raises(ValueError, match="first line"):
        _verified(b"{}\n")
    with pytest.raises(ValueError, match="a line"):
        _verified(lines[0] + b"{}\n")


def _verified(raw: bytes) -> Verdict:
    return verify_export(io.BytesIO(raw), lambda _number: None, anchors={})


def in_threads(number: int, work: Callable[[int], Any]) -> list[Any]:
    """Run *work* in threads that begin together."""
    barrier = threading.Barrier(number)

    def run(place: int) -> Any:
        barrier.wait()
        return work(place)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def test_many_writers_make_one_chain(build: Build) -> None:
    """Lists, single rows and refusals of eight threads; every entry has its place and fits the one before."""
    api = build(sqlalchemy__pool_size="10")

    def work(place: int) -> None:
        for number in range(10):
            code = f"{place}-{number}"
            api.post_json("/v1/seals", {"code": code, "worth": 1})
            api.post_json("/v1/seals", {"code": code, "worth": 1}, status=409)
            api.post_json("/v1/seals", [{"code": f"{code}{end}", "worth": 1} for end in "ab"])
            api.patch_json(f"/v1/seals/{code}", {"worth": 2})

    in_threads(8, work)
    found = verified(api)

    assert (found.entries, found.broken) == (8 * 10 * 4, None)


def test_many_changes_of_one_row_make_one_chain(build: Build) -> None:
    """What the row was is what the one before has made of it: nobody came between."""
    api = build(sqlalchemy__pool_size="10")
    api.post_json("/v1/seals", {"code": "a", "worth": 0})
    in_threads(8, lambda place: [api.patch_json("/v1/seals/a", {"worth": 100 * place + number}) for number in range(10)])

    found = entries(api, "action=patched")
    assert len(found) == 80
    assert [item["before"] for item in found[1:]] == [item["after"] for item in found[:-1]]
    assert verified(api).broken is None


def test_merges_at_once_miss_nothing(build: Build) -> None:
    """Who merges into a row that came up in between knows what it was."""
    api = build(sqlalchemy__pool_size="10")
    prefer = {"Prefer": "resolution=merge-duplicates"}

    def work(place: int) -> None:
        for number in range(8):
            answer = api.post_json(
                "/v1/chests", {"name": f"n{number}", "key_colour": str(place)}, headers=prefer, expect_errors=True
            )
            assert answer.status_int in (200, 201) or assert_problem(answer, 503, "rows-moved")

    in_threads(6, work)

    found = entries(api)
    for number in range(8):
        mine = [item for item in found if item["after"]["name"] == f"n{number}"]
        assert mine[0]["action"] == "created"
        assert [item["before"] for item in mine[1:]] == [item["after"] for item in mine[:-1]]
    assert verified(api).broken is None


def _work(folder: str, database_url: str, place: int) -> None:
    """What a second process does."""
    api = build_api(Path(folder), INI | {"benben.migrate": "manual"}, database_url=database_url).by("ann", "editor")
    for number in range(40):
        api.post_json("/v1/seals", {"code": f"p{place}-{number}", "worth": 1})
    api.close()


def test_several_processes_make_one_chain(api: API, tmp_path: Path, database_url: str) -> None:
    """As on one machine with workers, or on several."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_work, args=(str(tmp_path), database_url, place)) for place in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert Base.metadata.tables
    assert (verified(api).entries, verified(api).broken) == (120, None)
