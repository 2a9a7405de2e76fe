"""The canonical text of an entry, and what a chain of them is held against."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.features.audit.chain import GENESIS, Entry, link
from benben.features.audit.images import canonical, redacted
from benben.features.audit.verification import Verdict, follow

AT = datetime(2026, 11, 23, 12, 0, 0, 5, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def entry(**changed: object) -> Entry:
    """Return an entry about a book."""
    known = {
        "at": AT,
        "userid": "ann",
        "scheme": "Bearer",
        "address": None,
        "request_id": "r",
        "tenant": None,
        "action": "created",
        "resource": "books",
        "key": "7",
    }
    return Entry(**{**known, **changed})  # type: ignore[arg-type]  # the names are those of the class


@given(TEXTS, TEXTS, st.integers(1, 2**62))
def test_the_text_is_canonical_json(userid: str, key: str, seq: int) -> None:
    """Whatever is in it: sorted names, no space, what JSON itself makes of a text."""
    found = entry(userid=userid, key=key, after=canonical({"b": userid, "a": [1, None]})).text(seq)
    read = json.loads(found)

    assert (read["userid"], read["key"], read["seq"]) == (userid, key, seq)
    assert list(read) == sorted(read)
    assert found.encode() == canonical(read)


def test_the_hash_is_that_of_the_hash_before_and_the_text() -> None:
    """And nothing else, so that anybody can compute it."""
    found = entry()

    assert found.hash(3, GENESIS) == hashlib.sha256(f"{GENESIS}\n{found.text(3)}".encode()).hexdigest()
    assert found.hash(3, GENESIS) != found.hash(4, GENESIS)


def chained(number: int) -> list[tuple[int, str, bytes]]:
    """Return a chain that is right."""
    found, previous = [], GENESIS
    for seq in range(1, number + 1):
        text = entry(key=str(seq)).text(seq).encode()
        previous = link(previous, text)
        found.append((seq, previous, text))
    return found


@pytest.mark.parametrize("number", [0, 1, 1999, 2000, 2001])
def test_progress_is_told_to_the_end(number: int) -> None:
    """Some at a time."""
    told: list[int] = []

    assert follow(chained(number), told.append, anchors={}).entries == number
    assert sum(told) == number


@given(st.data())
def test_any_loss_or_change_of_places_is_found(data: st.DataObject) -> None:
    """At the first place that differs."""
    right = chained(8)
    order = data.draw(st.lists(st.integers(0, 7), unique=True, max_size=8))
    wrong = [right[place] for place in order]
    found = follow(wrong, lambda _number: None, anchors={8: right[-1][1]})
    agreed = next((place for place, item in enumerate(order) if item != place), len(order))

    if order == list(range(8)):
        assert found == Verdict(8, 8, right[-1][1])
    else:
        assert found.entries == agreed
        assert found.broken is not None


def test_a_whole_number_beyond_64_bits_is_written() -> None:
    """A JSON column may hold one."""
    assert canonical({"b": 2**70, "a": "ä"}) == b'{"a":"\xc3\xa4","b":1180591620717411303424}'


def test_an_event_is_redacted() -> None:
    """By names and by shapes."""
    assert redacted({"token": "x", "note": "password=abc", "n": 1}) == {"token": "***", "note": "password=***", "n": 1}
