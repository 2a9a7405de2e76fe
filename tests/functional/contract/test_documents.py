"""Contracts in the one document of the application, beside what is written as code."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from benben.contract.services import unread_mistakes
from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import build_api
from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import OK, document, operation

PATHS = """
/things/{thing-id}:
  summary: A thing.
  parameters: [{name: thing-id, in: path, required: true, schema: {type: integer}}]
  get:
    operationId: one
    deprecated: true
    responses:
      "200":
        description: Done.
        headers: {X-Count: {$ref: "#/components/headers/Count"}}
        content: {application/json: {schema: {$ref: "#/components/schemas/Problem"}}}
      "404": {$ref: "#/components/responses/Nothing"}
"""
COMPONENTS = """
headers: {Count: {schema: {type: integer}}}
responses: {Nothing: {description: Nothing., content: {application/json: {schema: {$ref: "#/components/schemas/Why"}}}}}
schemas:
  Problem: {type: object, properties: {below: {$ref: "#/components/schemas/Problem"}, why: {$ref: "#/components/schemas/Why"}}}
  Why: {type: string, nullable: true}
  Unused: {type: string}
"""


def test_operations_stand_in_the_one_document(serve: Serve) -> None:
    """Valid as a whole, and in version 3.1 whatever the contract was."""
    api = serve(document(PATHS, COMPONENTS, version="3.0.3"), "def one(thing_id): pass\n", plugin__docs="on")
    found = api.get("/openapi.json").json
    said = found["paths"]["/v1/things/{thing_id}"]["get"]

    validate(found)
    assert (said["operationId"], said["deprecated"], said["tags"]) == ("one", True, ["things"])
    assert said["parameters"][0]["name"] == "thing_id"
    assert found["components"]["schemas"]["Why"]["type"] == ["string", "null"]


def test_an_operation_without_a_body_has_none_in_the_document(serve: Serve) -> None:
    """Whatever its method."""
    api = serve(document(operation(method="post")), "def one(): return 1\n", plugin__docs="on")

    assert "requestBody" not in api.get("/openapi.json").json["paths"]["/v1/things"]["post"]
    assert api.post("/v1/things").json == 1


def test_names_that_meet_are_told_apart(serve: Serve) -> None:
    """The server has a schema called Problem already."""
    found = serve(document(PATHS, COMPONENTS), "def one(thing_id): pass\n", plugin__docs="on").get("/openapi.json").json
    schemas = found["components"]["schemas"]

    media = found["paths"]["/v1/things/{thing_id}"]["get"]["responses"]["200"]["content"]["application/json"]
    assert media["schema"] == {"$ref": "#/components/schemas/things.Problem"}
    assert schemas["things.Problem"]["properties"]["below"] == {"$ref": "#/components/schemas/things.Problem"}
    assert schemas["Problem"]["required"] == ["type", "title", "status"]
    assert "Unused" not in schemas
    assert found["components"]["responses"]["things.Nothing"]["description"] == "Nothing."
    assert found["components"]["headers"]["things.Count"] == {"schema": {"type": "integer"}}


def test_refusals_of_the_server_are_added(serve: Serve) -> None:
    """What the contract says of a status itself counts."""
    found = serve(document(PATHS, COMPONENTS), "def one(thing_id): pass\n", plugin__docs="on").get("/openapi.json").json
    responses = found["paths"]["/v1/things/{thing_id}"]["get"]["responses"]

    assert responses["400"] == {"$ref": "#/components/responses/Problem400"}
    assert responses["404"] == {"$ref": "#/components/responses/things.Nothing"}


def test_two_contracts_cannot_share_an_operation(tmp_path: Path, serve: Serve) -> None:
    """One id, or one address, is a mistake that names both."""
    paths = f"/things: {{get: {{operationId: one, responses: {OK}}}}}"
    serve(document(paths), "def one(): return 1\n")
    other = tmp_path / "contract_under_test_other"
    other.mkdir()
    (other / "api.yaml").write_text(document(paths))
    (other / "__init__.py").write_text(
        "from benben.kernel import Plugin\nPLUGIN = Plugin(name='others')\n"
        "def includeme(config):\n    config.add_plugin(PLUGIN)\n"
        "    config.add_contract('others', 'api.yaml', handlers='contract_under_test.handlers')\n"
    )
    import_module("contract_under_test_other")
    known = {"things": "contract_under_test", "others": "contract_under_test_other"}

    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, {"plugin.things": "on", "plugin.others": "on"}, known=known)

    told = "\n".join(map(str, caught.value.mistakes))
    assert "the operationId one is taken by the contract others" in told
    assert "route v1/things" in told


NO_DESCRIPTION = """
/things:
  get:
    operationId: one
    responses: {"200": {content: {application/json: {schema: {type: integer}}}}}
"""


def test_the_specification_can_be_left_to_the_check(serve: Serve) -> None:
    """A start is shorter; `benben check` tells what the start would have told."""
    with pytest.raises(ConfigurationMistakes, match="description"):
        serve(document(NO_DESCRIPTION), "def one(): return 1\n")

    api = serve(document(NO_DESCRIPTION), "def one(): return 1\n", contract__specification="check")

    assert api.get("/v1/things").json == 1
    (mistake,) = unread_mistakes(api.registry)
    assert "description" in str(mistake)
    assert "api.yaml:" in str(mistake)


def test_a_server_that_finds_nothing_wrong_loads_no_validator(tmp_path: Path) -> None:
    """Neither that of the specification nor that of schemas."""
    keys = ("use = egg:benben", f"benben.secret = {'s' * 40}", "benben.migrate = auto", "sqlalchemy.url = sqlite://")
    (tmp_path / "app.ini").write_text("\n".join(["[app:main]", *keys, "plugin.people = on", "contract.specification = check"]))
    code = (
        "import sys; from pyramid.paster import get_app; app = get_app('app.ini');"
        "print([name for name in ('jsonschema', 'openapi_spec_validator', 'alembic', 'lark', 'httpx') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    first = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )

    # A database in memory is migrated each time.
    assert first.stdout == "['alembic']\n"
