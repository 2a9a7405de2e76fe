"""Hug: one function is an endpoint, a command and a call; here a background job and a tool of MCP as well.

The steps of docs/seeds/hug.md by their numbers. What is shown here once is shown in depth by
tests/functional/operation and tests/functional/mcp.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result
from openapi_spec_validator import OpenAPIV31SpecValidator

from benben.cli import main
from benben.kernel import Plugin, Setting, Settings, Whole
from benben.kernel.mistakes import ConfigurationMistakes
from benben.kernel.problems import InvalidInput
from benben.operation import Clock, Operation, Scope, operation
from benben.testing import API, assert_problem, build_api
from tests.functional.operation import gadgets

INI = """
[app:main]
use = egg:benben
benben.secret = 0123456789012345678901234567890123456789
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/x.sqlite
plugin.gadgets = on
plugin.gadgets.include = tests.functional.operation.gadgets
plugin.identity = on
identity.hash_profile = cheapest
plugin.yaml = on
plugin.items = on
"""
KNOWN = {
    "gadgets": "tests.functional.operation.gadgets",
    "docs": "benben.features.docs",
    "yaml": "benben.features.yaml",
    "mcp": "benben.features.mcp",
}
OWNED = ("--name", "g", "--madeOn", "2027-01-01")
Build = Callable[..., API]
Run = Callable[..., Result]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[API]:
    """The gadgets."""
    gadgets.TOLD.clear()
    found = build_api(tmp_path, {f"plugin.{name}": "on" for name in KNOWN}, known=KNOWN)
    yield found
    found.close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command over an ini with the gadgets and two users, one of whom owns."""
    (tmp_path / "app.ini").write_text(INI)

    def run(*words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, [words[0], str(tmp_path / "app.ini"), *words[1:]], input=stdin)

    run("user", "add", "ann", "--role", "owner", "--password-stdin", stdin="a long enough password")
    run("user", "add", "bob", "--password-stdin", stdin="a long enough password")
    return run


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Build an application of operations that are given."""
    built = []

    def build(*operations: Operation, settings: Any = None) -> API:
        def includeme(config: Any) -> None:
            config.add_plugin(module.PLUGIN)
            config.add_operations(*operations)

        module = types.ModuleType("greetings_of_a_test")
        vars(module).update(PLUGIN=Plugin(name="greetings", settings=(settings,) if settings else ()), includeme=includeme)
        monkeypatch.setitem(sys.modules, "greetings_of_a_test", module)
        found = build_api(tmp_path, {"plugin.greetings": "on"}, known={"greetings": "greetings_of_a_test"})
        built.append(found)
        return found

    yield build
    for found in built:
        found.close()


def test_2_6_1_one_function_has_three_doors(api: API, run: Run) -> None:
    """HTTP, the command, and Python give the same."""
    command = run("call", "gadgets.add", "2", "--b", "3")

    assert api.post_json("/v1/add", {"a": 2, "b": 3}).text == "5"
    assert (command.exit_code, command.stdout) == (0, "5\n")
    assert gadgets.add(2, b=3) == 5


def test_2_6_2_bad_input_is_told_in_the_same_words_by_every_door(api: API, run: Run) -> None:
    """The trap: five doors, one list. The command ends with 2."""
    over_http = api.post_json("/v1/add", {"a": "x", "b": 99}, expect_errors=True).json["errors"]
    command = run("call", "gadgets.add", "--a", "x", "--b", "99")
    with pytest.raises(InvalidInput) as of_a_call:
        gadgets.add("x", b=99)
    with Scope(api.registry), pytest.raises(InvalidInput) as of_a_job:
        gadgets.add("x", b=99)
    of_a_tool = tool(api, "gadgets.add", {"a": "x", "b": 99})["structuredContent"]["errors"]

    assert [fault["detail"] for fault in over_http] == ["Must be a whole number.", "Must be between 0 and 10."]
    assert command.exit_code == 2
    assert command.stderr.splitlines()[1:] == [f"  {one['in']} {one['pointer']}: {one['detail']}" for one in over_http]
    assert [fault.as_dict() for fault in of_a_call.value.errors] == over_http
    assert [fault.as_dict() for fault in of_a_job.value.errors] == over_http
    assert of_a_tool == over_http


def test_2_6_3_the_help_says_what_the_document_says(api: API, run: Run) -> None:
    """Docstring, type, bounds and default."""
    said = " ".join(run("call", "gadgets.add", "--help").stdout.split())
    document = api.get("/openapi.json").json["paths"]["/v1/add"]["post"]
    b = document["requestBody"]["content"]["application/json"]["schema"]["properties"]["b"]

    assert document["summary"] in said
    assert f"--b INTEGER {b['description']}; minimum {b['minimum']}, maximum {b['maximum']}; default {b['default']}" in said


@pytest.mark.parametrize(
    ("name", "words", "path"),
    [
        ("gadgets.secret", (), "/v1/secret"),
        ("gadgets.types", ("5", "--colour", "red", "--on", "2027-01-31"), "/v1/types/5?colour=red&on=2027-01-31"),
        ("gadgets.greet", (), "/v1/greet"),
    ],
)
@pytest.mark.parametrize("form", ["json", "csv", "yaml"])
def test_2_6_3_the_output_is_the_answer_in_the_same_format(
    api: API, run: Run, form: str, name: str, words: tuple[str, ...], path: str
) -> None:
    """In the same bytes; JSON of a command ends its line."""
    named = f"{name}.v1" if name == "gadgets.greet" else name
    printed = run("call", named, *words, "--output", form)
    sent = api.get(path + ("&" if "?" in path else "?") + f"format={form}", headers={"User-Agent": ""})

    assert printed.exit_code == 0, printed.output
    assert printed.stdout_bytes == sent.body + (b"\n" if form == "json" else b"")


def test_2_6_3_a_body_may_be_yaml_as_well(api: API) -> None:
    """As it may for a resource, and in no format of rows; the document lists what there is."""
    content = api.get("/openapi.json").json["paths"]["/v1/add"]["post"]["requestBody"]["content"]

    assert api.post("/v1/add", "a: 2\nb: 3\n", content_type="application/yaml").json == 5
    assert {"application/json", "application/yaml"} <= set(content)
    assert "text/csv" not in content
    assert api.post("/v1/add", "a\n2\n", content_type="text/csv", expect_errors=True).status_code == 415
    assert faults(api.post("/v1/add", "a: '2'\n", content_type="application/yaml", expect_errors=True)) == [("/a", "type")]


def test_2_6_3_a_table_is_for_people(run: Run) -> None:
    """A line of names, then the answer."""
    lines = run("call", "gadgets.count", "--most", "2", "--output", "table").stdout.splitlines()

    assert [line.split() for line in lines] == [["name", "number"], ["n", "1"], ["n", "2"]]


def test_2_6_4_what_is_injected_is_there_at_every_door(api: API, run: Run) -> None:
    """The clock, the caller, and what a plugin provides."""
    over_http = api.by("ann").get("/v1/locked").json
    command = json.loads(run("call", "gadgets.locked", "--as", "ann").stdout)
    with Scope(api.registry):
        of_a_call = gadgets.locked()

    assert over_http["who"] == command["who"] == "ann"
    assert over_http["year"] == command["year"] == of_a_call["year"]
    assert over_http["same"] is command["same"] is of_a_call["same"] is True


def test_2_6_4_the_same_permission_is_asked_of_who_calls_a_command(api: API, run: Run) -> None:
    """Exit 13 for who may not, with the title that HTTP has; a user who is not there is a mistake of the line."""
    refused = api.by("bob").post_json("/v1/gadgets", {"name": "g", "madeOn": "2027-01-01"}, expect_errors=True)
    command = run("call", "gadgets.make", *OWNED, "--as", "bob")
    stranger = run("call", "gadgets.make", *OWNED)

    assert refused.status_code == 403
    assert command.stderr.splitlines() == [refused.json["title"], "  permission gadgets.own"]
    assert (command.exit_code, stranger.exit_code) == (13, 13)
    assert "Authentication is required" in stranger.stderr
    assert run("call", "gadgets.make", *OWNED, "--as", "nobody").exit_code == 1
    assert run("call", "gadgets.make", *OWNED, "--as", "ann").exit_code == 0


class GreetingSettings(Settings):
    """What is injected below."""

    prefix = "greetings"
    often = Setting(Whole(1, 9), default=2, help="How often to greet.")


@operation("greetings.often", "GET", "/greeting", permission="public")
def greeting(settings: GreetingSettings) -> int:
    """Tell a setting."""
    return settings.often  # type: ignore[no-any-return]


@operation("greetings.chosen", "GET", "/chosen", permission="public", versions=(1,))
def chosen(api_version: int = 1) -> int:
    """Take the name that chooses versions."""
    return api_version


def test_2_6_4_settings_are_injected(build: Build) -> None:
    """As the ini has them; those of a plugin that is not on stop the start."""
    assert build(greeting, settings=GreetingSettings).get("/v1/greeting").json == 2
    with pytest.raises(ConfigurationMistakes, match="nobody provides GreetingSettings"):
        build(greeting)


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/v1/greet", {}, "good day"),
        ("/v2/greet", {}, "good day"),
        ("/v3/greet?name=ann", {}, "hi ann"),
        ("/v1/greet?api_version=2", {}, "good day"),
        ("/v1/greet?api_version=3&name=ann", {}, "hi ann"),
        ("/v1/greet?name=ann", {"API-Version": "3"}, "hi ann"),
        ("/v1/greet?api_version=3", {"API-Version": "3"}, "hi you"),
    ],
)
def test_2_6_5_address_parameter_and_header_choose_the_version(
    api: API, path: str, headers: dict[str, str], expected: str
) -> None:
    """Without any of them the oldest answers."""
    assert api.get(path, headers=headers).json == expected


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v9/greet", {}),
        ("/v03/greet", {}),
        ("/v1/greet?api_version=9", {}),
        ("/v1/greet?api_version=", {}),
        ("/v1/greet?api_version=%D9%A3", {}),
        ("/v1/greet?api_version=3.0", {}),
        ("/v1/greet?api_version=" + "9" * 5000, {}),
        ("/v1/greet", {"API-Version": "-1"}),
    ],
)
def test_2_6_5_a_version_that_is_not_there_lists_those_that_are(api: API, path: str, headers: dict[str, str]) -> None:
    """Whichever way it is asked for."""
    body = assert_problem(api.get(path, headers=headers, expect_errors=True), 404, "no-such-version")

    assert body["versions"] == [1, 2, 3]


def test_2_6_5_two_ways_have_to_agree(api: API) -> None:
    """Nobody guesses which is meant."""
    for path, headers in (("/v1/greet?api_version=1&api_version=3", {}), ("/v1/greet?api_version=1", {"API-Version": "3"})):
        refused = api.get(path, headers=headers, expect_errors=True)
        assert faults(refused) == [("api_version", "repeated")]


def test_2_6_5_the_document_has_each_version_and_what_chooses_it(api: API) -> None:
    """Valid; what only one version takes says so."""
    document = api.get("/openapi.json").json
    said = document["paths"]["/v1/greet"]["get"]
    by_name = {item["name"]: item for item in said["parameters"]}

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert {"/v1/greet", "/v2/greet", "/v3/greet"} <= set(document["paths"])
    assert not [path for path in document["paths"] if "api_version" in path]
    assert by_name["api_version"]["schema"] == {"type": "integer", "enum": [1, 2, 3], "default": 1}
    assert by_name["API-Version"]["in"] == "header"
    assert by_name["name"]["description"] == "Of version 3."
    assert "404" in said["responses"]
    assert "Version 3: Greet by name." in said["description"]


@pytest.mark.parametrize(
    ("permission", "versions", "expected"),
    [("authenticated", (2,), "differ in permission"), ("public", (1,), "two operations of one version")],
)
def test_2_6_5_versions_of_one_address_hold_together(
    build: Build, permission: str, versions: tuple[int, ...], expected: str
) -> None:
    """Who may call is decided before the version is."""
    first = operation("greetings.old", "GET", "/greeting", permission="public", versions=(1,))(gadgets.greet.function)
    other = operation("greetings.new", "GET", "/greeting", permission=permission, versions=versions)(gadgets.greet.function)

    with pytest.raises(ConfigurationMistakes, match=expected):
        build(first, other)


def test_2_6_5_the_name_that_chooses_is_no_parameter(build: Build) -> None:
    """It would never arrive."""
    with pytest.raises(ConfigurationMistakes, match="api_version chooses the version"):
        build(chosen)


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ((), "gadgets.co", {"gadgets.count"}),
        (("gadgets.types",), "--co", {"--colour"}),
        (("gadgets.types", "5", "--colour"), "", {"red", "blue"}),
        (("gadgets.types", "5", "--size"), "s", {"s"}),
        (("gadgets.types", "5", "--flag"), "t", {"true"}),
        (("gadgets.types", "5", "--price"), "", set()),
        (("gadgets.nothing",), "--co", set()),
    ],
)
def test_2_6_6_the_shell_completes(run: Run, tmp_path: Path, words: tuple[str, ...], incomplete: str, expected: set[str]) -> None:
    """Names of operations, their options, and the values that are a list."""
    completed = ShellComplete(main, {}, "benben", "_BENBEN_COMPLETE")
    found = completed.get_completions(["call", str(tmp_path / "app.ini"), *words], incomplete)

    assert {item.value for item in found} == expected


def test_2_6_6_an_ini_that_is_not_there_completes_nothing(tmp_path: Path) -> None:
    """And writes nothing into the line."""
    completed = ShellComplete(main, {}, "benben", "_BENBEN_COMPLETE")

    assert completed.get_completions(["call", str(tmp_path / "none.ini")], "g") == []


def test_2_6_6_rows_come_through_a_pipe(run: Run, tmp_path: Path) -> None:
    """A thousand lines in, a thousand out, by a real pipe; each is a call with a transaction of its own."""
    rows = "".join(f'{{"item_id": {number}, "name": "Lamp {number}", "price": "1.50"}}\n' for number in range(1, 1001))
    (tmp_path / "rows.ndjson").write_text(rows)
    benben = Path(sys.executable).with_name("benben")
    root = Path(__file__).resolve().parents[2]
    pipe = f"cat rows.ndjson | {benben} call app.ini items.update --as ann - | tail -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipe],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
    )

    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["item_id"] == 1000
    assert len(run("call", "items.list").stdout.splitlines()) == 1000


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"item_id": 2, "name": "", "price": "1"}', "body /name"),
        ('{"item_id": 2, "name": "x", "price": "1", "colour": 1}', "/colour: There is no such field."),
        ("{", "The body is not JSON"),
        ("\xff", "line 2"),
    ],
)
def test_2_6_6_a_line_that_is_refused_ends_the_pipe_and_is_named(run: Run, line: str, expected: str) -> None:
    """Those before it stay."""
    first = '{"item_id": 1, "name": "Lamp", "price": "1.50"}\n'
    found = run("call", "items.update", "--as", "ann", "-", stdin=first + line + "\n")

    assert found.exit_code == 2
    assert "line 2" in found.stderr
    assert expected in found.stderr
    assert len(run("call", "items.list").stdout.splitlines()) == 1


def test_2_6_7_the_same_function_is_a_job_and_a_tool(api: API) -> None:
    """The beat: two doors more, with the same injection. All of MCP: tests/functional/mcp."""
    outcome: list[Any] = []

    def job() -> None:
        with Scope(api.registry) as scope:
            outcome.append((gadgets.add(2, b=3), scope.get(Clock).now().year > 2000))

    thread = threading.Thread(target=job)
    thread.start()
    thread.join(10)

    assert outcome == [(5, True)]
    assert tool(api, "gadgets.add", {"a": 2, "b": 3})["content"] == [{"type": "text", "text": "5"}]


def faults(response: Any) -> list[tuple[str, str]]:
    """Return place and code of every fault."""
    return [(item["pointer"], item["code"]) for item in response.json["errors"]]


def tool(api: API, name: str, arguments: dict[str, Any]) -> Any:
    """Return what a tool of MCP answers."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    return api.post_json("/v1/mcp", call, headers={"Accept": "application/json, text/event-stream"}).json["result"]
