"""People from a file: the whole table of inputs, and what a person may rely on."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from benben.testing import API, build_api


def inputs() -> Any:
    """Return the table; tests of plugins are no package that could be imported from."""
    spec = importlib.util.spec_from_file_location("people_inputs", Path(__file__).with_name("inputs.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.INPUTS


def test_the_table_of_inputs(api: API) -> None:
    """Each row in its order; a refusal is a problem that names every place."""
    for row in inputs():
        answer = api.request(f"/v1{row.path}", method=row.method, headers=row.headers, body=row.body.encode(), expect_errors=True)

        assert answer.status_int == row.status, row
        if row.status >= 400:
            assert answer.content_type == "application/problem+json", row
        found = {(error["in"], error["pointer"]) for error in answer.json.get("errors", ())} if row.status == 400 else set()
        assert found == set(row.places), row


def test_what_is_put_is_what_is_read(api: API) -> None:
    """The key is that of the path, the time that of the server."""
    put = api.put_json("/v1/people/7", {"fname": "Grace", "lname": "Hopper"}).json

    assert put == api.get("/v1/people/7").json
    assert put.items() >= {"id": 7, "fname": "Grace", "lname": "Hopper"}.items()
    assert put["timestamp"].endswith("Z")


def test_a_list_is_in_the_order_of_names(api: API) -> None:
    """In pages by number."""
    for key, (fname, lname) in enumerate([("C", "B"), ("A", "B"), ("B", "A")], start=1):
        api.put_json(f"/v1/people/{key}", {"fname": fname, "lname": lname})

    assert [person["id"] for person in api.get("/v1/people").json] == [3, 2, 1]
    assert [person["id"] for person in api.get("/v1/people?limit=1&offset=1").json] == [2]
    assert [person["id"] for person in api.get("/v1/people?lname=B").json] == [2, 1]


def test_who_may(api: API) -> None:
    """Readers are authenticated, writers are editors; the operator may change both."""
    stranger = API(api.app, api.assembly)
    stranger.authorization = None

    assert stranger.get("/v1/people", status=401).headers["WWW-Authenticate"]
    assert api.by("bob").get("/v1/people")
    assert api.by("bob").delete("/v1/people/1", status=403)


def test_credentials_of_another_kind_are_not_taken(tmp_path: Path) -> None:
    """The file declares four; the ones of the tests are none of them."""
    api = build_api(tmp_path, {"plugin.people": "on"})

    answer = api.by("ada", "editor").get("/v1/people", status=401)

    assert answer.json["detail"] == "Credentials of this kind are not taken here."
    api.close()


def test_a_read_is_one_statement(api: API) -> None:
    """And a write is two."""
    seen: list[int] = []
    api.registry.observers.add(lambda fact: seen.append(fact.statement_count))

    api.put_json("/v1/people/7", {"fname": "Grace", "lname": "Hopper"})
    api.get("/v1/people/7")
    api.get("/v1/people")

    assert seen == [2, 1, 1]


def test_the_mock_needs_no_table(tmp_path: Path) -> None:
    """Every operation answers; ``Prefer`` chooses."""
    ini = {"plugin.people": "on", "contract.schemes": "any", "contract.mock": "people", "benben.migrate": "manual"}
    api = build_api(tmp_path, ini).by("ada", "editor")

    assert [person["fname"] for person in api.get("/v1/people").json] == ["Ada", "Grace"]
    assert api.get("/v1/people", headers={"Prefer": "example=empty"}).json == []
    assert api.get("/v1/people/1", headers={"Prefer": "code=404"}, status=404).content_type == "application/problem+json"
    assert api.put_json("/v1/people/1", {"fname": "A", "lname": "B"}).json["fname"] == "Ada"
    assert api.delete("/v1/people/1").status_int == 204
    api.close()
