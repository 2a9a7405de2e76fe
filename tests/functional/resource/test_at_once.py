"""Many writers of the same rows at once: nothing is lost, nothing is half done, nobody gets a 500."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benben.testing import API
from tests.functional.resource.drawer import build_drawers

WRITERS, TURNS = 4, 25
WORDS = tuple("abcdefgh")


@pytest.fixture
def drawers(tmp_path: Path, database_url: str) -> Iterator[API]:
    """The editor of eight drawers."""
    found = build_drawers(tmp_path, database_url)
    editor = found.by("ann", "editor")
    editor.post_json("/v1/drawers", [{"word": word, "usual": 0} for word in WORDS])
    yield editor
    found.close()


def at_once(work: Callable[[random.Random], int]) -> Counter[int]:
    """Return how often each status came, of all writers in all turns."""
    with ThreadPoolExecutor(WRITERS) as pool:
        listed = pool.map(lambda number: [work(random.Random(number * 100 + turn)) for turn in range(TURNS)], range(WRITERS))
        return Counter(status for statuses in listed for status in statuses)


def versions(api: API) -> int:
    return sum(row["version"] for row in api.get("/v1/drawers").json["items"])


def test_lists_in_different_orders_do_not_lock_each_other_out(drawers: API) -> None:
    """A deadlock is tried again; every list that was answered with 200 counts."""

    def patch(chance: random.Random) -> int:
        words = chance.sample(WORDS, len(WORDS))
        answer = drawers.patch_json("/v1/drawers", [{"word": word, "usual": 1} for word in words], expect_errors=True)
        return int(answer.status_code)

    found = at_once(patch)

    assert set(found) <= {200, 409, 503}, found
    assert found[200] > WRITERS * TURNS * 0.9, found
    assert versions(drawers) == len(WORDS) * (1 + found[200])


def test_a_counter_with_preconditions_loses_nothing(drawers: API) -> None:
    """Each success is one more."""

    def count(chance: random.Random) -> int:
        seen = drawers.get("/v1/drawers/a")
        changed = {"usual": seen.json["usual"] + 1}
        if chance.random() < 0.5:
            headers = {"If-Match": seen.headers["ETag"]}
            return int(drawers.patch_json("/v1/drawers/a", changed, headers=headers, expect_errors=True).status_code)
        listed = [{"word": "a", "If-Match": seen.headers["ETag"], **changed}]
        return int(drawers.patch_json("/v1/drawers", listed, expect_errors=True).status_code)

    found = at_once(count)

    assert set(found) <= {200, 412}, found
    assert drawers.get("/v1/drawers/a").json["usual"] == found[200]


def test_upserts_and_deletions_meet_in_peace(drawers: API) -> None:
    """Of rows that come and go, alone, in lists and by filter."""

    def write(chance: random.Random) -> int:
        words = chance.sample(WORDS, 4)
        merging = {"Prefer": "resolution=merge-duplicates"}
        match chance.randrange(5):
            case 0:
                answer = drawers.post_json("/v1/drawers", [{"word": word} for word in words], headers=merging, expect_errors=True)
            case 1:
                answer = drawers.post_json("/v1/drawers", {"word": words[0], "usual": 3}, headers=merging, expect_errors=True)
            case 2:
                answer = drawers.delete(f"/v1/drawers/{words[0]}", expect_errors=True)
            case 3:
                address = f"/v1/drawers?word__in={','.join(words)}"
                answer = drawers.delete(address, headers={"Prefer": "max-affected=10"}, expect_errors=True)
            case _:
                answer = drawers.put_json(f"/v1/drawers/{words[0]}", {"word": words[0], "usual": 5}, expect_errors=True)
        return int(answer.status_code)

    found = at_once(write)

    assert set(found) <= {200, 201, 204, 404, 409, 503}, found
    assert found[409] + found[503] < WRITERS * TURNS * 0.1, found
    assert len({row["word"] for row in drawers.get("/v1/drawers").json["items"]}) <= len(WORDS)
