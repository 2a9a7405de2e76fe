"""Keys that are texts, columns that are narrow, and the versions of single rows; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import insert

from benben.testing import API, assert_problem, link
from tests.functional.resource.drawer import Drawer, build_drawers

STRANGE = (
    "a b",
    "50%",
    "%2F",
    "%252f",
    "é",
    "ß?x=1",
    "a#b",
    "a;b",
    "...",
    ".a",
    "a&b=c",
    "+",
    "\\",
    "\N{SNOWMAN}",
    "a:b",
    "\n",
    "~",
    "𝄞",
)
WITHOUT_ADDRESS = ("", "/", "a/b", "/a", "a/", ".", "..")


@pytest.fixture
def drawers(tmp_path: Path, database_url: str) -> Iterator[API]:
    """The editor of drawers that are not there yet."""
    found = build_drawers(tmp_path, database_url)
    yield found.by("ann", "editor")
    found.close()


def faults(answer: Any) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]]


@pytest.mark.parametrize("word", STRANGE)
def test_the_address_of_a_key_leads_back(drawers: API, word: str) -> None:
    """What Location says is read, replaced, patched and deleted, and a batch may name it."""
    made = drawers.post_json("/v1/drawers", {"word": word})
    path = urlsplit(made.headers["Location"]).path

    assert drawers.get(path).json["word"] == word
    assert drawers.put_json(path, {"word": word, "note": "new"}).status_code == 200
    assert drawers.patch_json(path, {"note": "newer"}).json["note"] == "newer"
    part = {"method": "GET", "path": f"/v1/drawers/{quote(word, safe='')}"}
    assert drawers.post_json("/v1/batch", {"requests": [part]}).json["responses"][0]["body"]["word"] == word
    assert drawers.delete(path).status_code == 204


def test_pages_lead_over_strange_keys(drawers: API) -> None:
    """The cursor holds them as they are."""
    drawers.post_json("/v1/drawers", [{"word": word} for word in STRANGE])

    address, found = "/v1/drawers?limit=1", []
    while address:
        answer = drawers.get(address)
        found += [item["word"] for item in answer.json["items"]]
        address = link(answer, "next")
    assert sorted(found) == sorted(STRANGE)


@pytest.mark.parametrize("word", WITHOUT_ADDRESS)
def test_a_key_without_an_address_is_refused(drawers: API, word: str) -> None:
    """Wherever a body names it; a server reads %2F as a slash before a route is looked for."""
    one = drawers.post_json("/v1/drawers", {"word": word}, expect_errors=True)
    several = drawers.post_json("/v1/drawers", [{"word": "well"}, {"word": word}], expect_errors=True)

    assert_problem(one, 400, "invalid-input")
    assert faults(one) == [("/word", "pattern")]
    assert faults(several) == [("/1/word", "pattern")]
    assert drawers.get("/v1/drawers").json["items"] == []


def test_put_makes_no_key_that_post_would_refuse(drawers: API) -> None:
    """The key in the address is judged as one in a body."""
    for word in ("x" * 21, "."):
        answer = drawers.put_json(f"/v1/drawers/{quote(word)}", {"word": word}, expect_errors=True)
        assert answer.status_code in (400, 404), word
    assert drawers.get("/v1/drawers").json["items"] == []


def test_a_row_without_an_address_is_found_by_a_filter(drawers: API) -> None:
    """One that came into the table past the server."""
    with drawers.registry.engine.begin() as connection:
        connection.execute(insert(Drawer), {"word": "a/b"})

    assert [row["word"] for row in drawers.get("/v1/drawers?word=a/b").json["items"]] == ["a/b"]
    assert drawers.delete("/v1/drawers?word=a%2Fb", headers={"Prefer": "max-affected=1"}).json["affected"] == 1


def test_the_document_tells_the_keys_that_there_may_be(drawers: API) -> None:
    pattern = drawers.registry.resource_parts["drawers"].bound.key.node.typ.json_schema("write")["pattern"]

    import re

    assert all(re.search(pattern, word) for word in STRANGE)
    assert not any(re.search(pattern, word) for word in WITHOUT_ADDRESS)


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"note": "123456"}, "/note", "length"),
        ({"small": 2**15}, "/small", "range"),
        ({"small": -(2**15) - 1}, "/small", "range"),
        ({"usual": 2**40}, "/usual", "range"),
        ({"usual": 10**400}, "/usual", "range"),
        ({"word": "x" * 21}, "/word", "length"),
    ],
)
def test_what_a_column_does_not_hold_is_told_with_its_field(drawers: API, sent: Any, pointer: str, code: str) -> None:
    """By both databases, though SQLite would keep it; in one row, in many, in a patch."""
    one = drawers.post_json("/v1/drawers", {"word": "w", **sent}, expect_errors=True)
    drawers.post_json("/v1/drawers", {"word": "there"})
    patched = drawers.patch_json("/v1/drawers/there", sent, expect_errors=True)
    merged = drawers.post_json(
        "/v1/drawers", [{"word": "w", **sent}], headers={"Prefer": "resolution=merge-duplicates"}, expect_errors=True
    )

    assert (one.status_code, faults(one)) == (400, [(pointer, code)])
    assert (patched.status_code, faults(patched)) == (400, [(pointer, code)])
    assert (merged.status_code, faults(merged)) == (400, [(f"/0{pointer}", code)])


def test_a_new_row_has_one_instant(drawers: API) -> None:
    """It was created and updated at once."""
    made = drawers.post_json("/v1/drawers", [{"word": word} for word in "abc"]).json["items"]
    single = drawers.post_json("/v1/drawers", {"word": "d"}).json
    put = drawers.put_json("/v1/drawers/e", {"word": "e"}).json

    assert [row["created_at"] == row["updated_at"] for row in (*made, single, put)] == [True] * 5


def test_a_version_in_a_body_is_refused(drawers: API) -> None:
    """The server alone sets it; If-Match is where a caller names one."""
    made = drawers.post_json("/v1/drawers", {"word": "a"})
    answers = [
        drawers.post_json("/v1/drawers", {"word": "b", "version": 7}, expect_errors=True),
        drawers.put_json("/v1/drawers/a", {"word": "a", "version": 7}, expect_errors=True),
        drawers.patch_json("/v1/drawers/a", {"version": 7}, expect_errors=True),
    ]

    assert [(answer.status_code, faults(answer)) for answer in answers] == [(400, [("/version", "read-only")])] * 3
    assert drawers.get("/v1/drawers/a").headers["ETag"] == made.headers["ETag"] == '"v1"'


class TestVersionsInAList:
    """``If-Match`` as a member of each change."""

    @pytest.fixture(autouse=True)
    def rows(self, drawers: API) -> None:
        """Three rows, the second of which somebody has changed."""
        drawers.post_json("/v1/drawers", [{"word": word} for word in "abc"])
        drawers.patch_json("/v1/drawers/b", {"note": "else"})

    def notes(self, drawers: API) -> list[str]:
        return [row["note"] for row in drawers.get("/v1/drawers").json["items"]]

    def test_all_rows_are_as_they_were_seen(self, drawers: API) -> None:
        """And a row without a precondition has none."""
        changes = [
            {"word": "a", "If-Match": '"v1"', "note": "A"},
            {"word": "b", "If-Match": '"v1", "v2"', "note": "B"},
            {"word": "c", "note": "C"},
        ]
        answer = drawers.patch_json("/v1/drawers", changes)

        assert [item["note"] for item in answer.json["items"]] == ["A", "B", "C"]
        assert [item["version"] for item in answer.json["items"]] == [2, 3, 2]

    def test_every_row_that_is_another_one_is_named(self, drawers: API) -> None:
        """And nothing is changed."""
        changes = [
            {"word": "a", "If-Match": '"v9"', "note": "A"},
            {"word": "c", "If-Match": '"v1"', "note": "C"},
            {"word": "b", "If-Match": '"v1"', "note": "B"},
        ]
        answer = drawers.patch_json("/v1/drawers", changes, expect_errors=True)

        assert_problem(answer, 412, "precondition-failed")
        assert faults(answer) == [("/0/If-Match", "precondition"), ("/2/If-Match", "precondition")]
        assert '"v2"' in answer.json["errors"][1]["detail"]
        assert self.notes(drawers) == ["", "else", ""]

    def test_each_row_may_fail_by_itself(self, drawers: API) -> None:
        changes = [{"word": word, "If-Match": '"v1"', "note": word.upper()} for word in "abc"]
        answer = drawers.patch_json("/v1/drawers", changes, headers={"Prefer": "results=each"})

        assert [result["status"] for result in answer.json["results"]] == [200, 412, 200]
        assert self.notes(drawers) == ["A", "else", "C"]

    @pytest.mark.parametrize("text", ["v1", "", 1, None, ["v1"], '"v1', "W/", '"v1" "v2"'])
    def test_what_is_no_etag_is_a_400(self, drawers: API, text: Any) -> None:
        answer = drawers.patch_json("/v1/drawers", [{"word": "a", "If-Match": text, "note": "A"}], expect_errors=True)

        assert_problem(answer, 400, "invalid-input")
        assert faults(answer) == [("/0/If-Match", "format")]

    def test_a_row_that_is_not_there_is_a_404(self, drawers: API) -> None:
        answer = drawers.patch_json("/v1/drawers", [{"word": "z", "If-Match": '"v1"', "note": "A"}], expect_errors=True)

        assert_problem(answer, 404, "not-found")

    def test_a_change_of_a_list_made_by_somebody_else_wins_once(self, drawers: API) -> None:
        """The same list twice: the second finds other versions."""
        changes = [{"word": word, "If-Match": "*", "note": word} for word in "abc"]
        seen = [{**change, "If-Match": tag} for change, tag in zip(changes, ('"v1"', '"v2"', '"v1"'), strict=True)]

        assert drawers.patch_json("/v1/drawers", changes[:0] or seen).status_code == 200
        assert faults(drawers.patch_json("/v1/drawers", seen, expect_errors=True)) == [
            (f"/{place}/If-Match", "precondition") for place in range(3)
        ]
        assert drawers.patch_json("/v1/drawers", changes).status_code == 200
