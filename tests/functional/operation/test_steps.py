"""The numbered steps of what operations have to be as good as: those of FastAPI (2.1) and Hug (2.6)."""

from __future__ import annotations

import datetime
import sys
import types
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from click.shell_completion import ShellComplete
from msgspec import Meta
from openapi_spec_validator import OpenAPIV31SpecValidator

from benben.cli import main
from benben.kernel import Plugin, Setting, Settings, Whole
from benben.kernel.mistakes import ConfigurationMistakes
from benben.operation import Operation, operation
from benben.testing import API, assert_problem, build_api
from tests.functional.operation import gadgets

Email = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")]
Build = Callable[..., API]


@dataclass
class Reader:
    """Somebody who reads."""

    email: Email
    friends: list[gadgets.Part]


@operation("readers.list", "GET", "/readers", permission="public")
def readers(limit: Annotated[int, Meta(ge=1, le=100)] = 25, since: datetime.datetime | None = None) -> list[str]:
    """Tell what came.

    And of which type.
    """
    return [type(limit).__name__, type(since).__name__, str(since and since.tzinfo), str(limit)]


@operation("readers.make", "POST", "/readers", permission="public", status=201)
def make_reader(reader: Reader) -> Reader:
    """Make one."""
    return reader


@operation("readers.list", "GET", "/readers", permission="public")
def readers_by_key(limit: uuid.UUID | None = None, since: datetime.datetime | None = None) -> list[str]:
    """Tell what came."""
    return [str(limit)]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Build an application of operations that are given."""
    built = []

    def build(*operations: Operation, settings: Any = None) -> API:
        plugin = Plugin(name="readers", settings=(settings,) if settings else ())

        def includeme(config: Any) -> None:
            config.add_plugin(plugin)
            config.add_operations(*operations)

        module = types.ModuleType("readers_of_a_test")
        vars(module).update(PLUGIN=plugin, includeme=includeme)
        monkeypatch.setitem(sys.modules, "readers_of_a_test", module)
        known = {"readers": "readers_of_a_test", "docs": "benben.features.docs"}
        found = build_api(tmp_path, {"plugin.readers": "on", "plugin.docs": "on"}, known=known)
        built.append(found)
        return found

    yield build
    for found in built:
        found.close()


def faults(response: Any) -> list[tuple[str, str, str]]:
    """Return the place of every fault."""
    return [(item["in"], item["pointer"], item["code"]) for item in response.json["errors"]]


def test_2_1_1_a_file_declares_a_get_and_a_post(build: Build) -> None:
    """With a nested list and a pattern."""
    api = build(readers, make_reader)
    made = api.post_json("/v1/readers", {"email": "a@b", "friends": [{"name": "x"}]})

    assert (made.status_code, made.json["friends"]) == (201, [{"name": "x", "number": 1}])
    refused = api.post_json("/v1/readers", {"email": "a", "friends": [{}]}, expect_errors=True)
    assert [place for _, place, _ in faults(refused)] == ["/email", "/friends/0/name"]


def test_2_1_2_both_faults_are_named_and_good_values_have_their_types(build: Build) -> None:
    """A `+` that was not escaped is a space, and is refused."""
    api = build(readers, make_reader)
    refused = api.get("/v1/readers?limit=abc&since=zz", expect_errors=True)

    assert_problem(refused, 400, "invalid-input")
    assert faults(refused) == [("query", "limit", "type"), ("query", "since", "format")]
    assert api.get("/v1/readers?limit=3&since=2027-01-01T00:00:00Z").json == ["int", "datetime", "UTC", "3"]
    for bad in (
        "limit=true",
        "limit=",
        "limit=1.0",
        "limit=1&limit=2",
        "limit=0",
        "limit=101",
        "since=2027-01-01T00:00:00+00:00",
    ):
        assert len(faults(api.get(f"/v1/readers?{bad}", expect_errors=True))) == 1, bad


def test_2_1_3_the_document_has_bounds_defaults_words_and_errors(build: Build) -> None:
    """And is valid; defaults of members are there too."""
    api = build(readers, make_reader)
    document = api.get("/openapi.json").json
    listed = document["paths"]["/v1/readers"]["get"]
    limit = next(item["schema"] for item in listed["parameters"] if item.get("name") == "limit")
    body = document["paths"]["/v1/readers"]["post"]["requestBody"]["content"]["application/json"]["schema"]

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 100, 25)
    assert (listed["summary"], listed["description"]) == ("Tell what came.", "And of which type.")
    assert {"400", "500"} <= set(listed["responses"]) or "default" in listed["responses"]
    assert body["properties"]["friends"]["items"]["properties"]["number"]["default"] == 1


def test_2_1_5_a_type_is_changed_in_one_place(build: Build) -> None:
    """Message and document follow."""
    api = build(readers_by_key)
    refused = api.get("/v1/readers?limit=abc&since=zz", expect_errors=True).json["errors"][0]
    listed = api.get("/openapi.json").json["paths"]["/v1/readers"]["get"]["parameters"]

    assert "UUID" in refused["detail"]
    assert next(item["schema"] for item in listed if item.get("name") == "limit")["format"] == "uuid"


def test_2_1_7_a_stream_that_breaks_says_so(tmp_path: Path) -> None:
    """Half of the items must not look like all of them; what was taken is given back."""
    gadgets.TOLD.clear()
    api = build_api(tmp_path, {"plugin.gadgets": "on"}, known={"gadgets": "tests.functional.operation.gadgets"})
    text = api.get("/v1/count?fails_at=2", headers={"Accept": "text/event-stream"}).text
    api.close()

    assert text.startswith("id: 1\n")
    assert "event: error\n" in text
    assert gadgets.TOLD == ["taken", "failed ValueError"]


class ReaderSettings(Settings):
    """What is injected below."""

    prefix = "readers"
    greeting = Setting(Whole(1, 9), default=2, help="How often to greet.")


@operation("readers.greet", "GET", "/greeting", permission="public")
def greeting(settings: ReaderSettings) -> int:
    """Tell a setting."""
    return settings.greeting  # type: ignore[no-any-return]


def test_2_6_4_settings_are_injected(build: Build) -> None:
    """As the ini has them; those of a plugin that is not on stop the start."""
    assert build(greeting, settings=ReaderSettings).get("/v1/greeting").json == 2
    with pytest.raises(ConfigurationMistakes, match="nobody provides ReaderSettings"):
        build(greeting)


@pytest.mark.parametrize(
    ("permission", "versions", "expected"),
    [("authenticated", (2,), "differ in permission"), ("public", (1,), "two operations of one version")],
)
def test_2_6_5_versions_of_one_address_hold_together(
    build: Build, permission: str, versions: tuple[int, ...], expected: str
) -> None:
    """Who may call is decided before the version is."""
    first = operation("readers.old", "GET", "/greeting", permission="public", versions=(1,))(readers.function)
    other = operation("readers.new", "GET", "/greeting", permission=permission, versions=versions)(readers.function)

    with pytest.raises(ConfigurationMistakes, match=expected):
        build(first, other)


def test_a_bound_that_nobody_would_hold_is_refused() -> None:
    """Where the function is written."""
    with pytest.raises(TypeError, match="multiple_of"):

        @operation("readers.odd", "GET", "/odd", permission="public")
        def odd(number: Annotated[int, Meta(multiple_of=2)]) -> None:
            """Nothing."""


def test_2_6_6_the_shell_completes_names(tmp_path: Path) -> None:
    """Of the operations that the ini has."""
    (tmp_path / "app.ini").write_text(
        "[app:main]\nuse = egg:benben\nbenben.secret = 0123456789012345678901234567890123456789\n"
        "sqlalchemy.url = sqlite:///%(here)s/var/x.sqlite\n"
        "plugin.gadgets = on\nplugin.gadgets.include = tests.functional.operation.gadgets\n"
    )
    completed = ShellComplete(main, {}, "benben", "_BENBEN_COMPLETE")

    found = completed.get_completions(["call", str(tmp_path / "app.ini")], "gadgets.co")
    assert [item.value for item in found] == ["gadgets.count"]
    assert completed.get_completions(["call", str(tmp_path / "none.ini")], "g") == []
