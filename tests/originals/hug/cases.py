"""What Hug and our operations are both asked; the two other doors of Hug are in docs/seeds/hug.md.

Hug needs Falcon 2, so that it has an environment of its own beside that of the others.
"""

from __future__ import annotations

from typing import Any

from tests.originals.comparison import Case, Original

FAULTS = "Ours says place, sentence and a word for programs; theirs a sentence for each name."
CRASH = "Theirs fails inside (500)."


def add(name: str, body: Any, *, why: str = "") -> Case:
    """Return a case that adds."""
    return Case(name, "/add", "POST", body=body, ours="/v1/add", why=why)


def greet(name: str, target: str, ours: str = "", *, headers: dict[str, str] | None = None, why: str = "") -> Case:
    """Return a case that greets."""
    return Case(name, target, headers=headers or {}, ours=ours, why=why)


ORIGINAL = Original(
    title="Hug 2.6.1",
    # Beside .venv-bench, whose Falcon is another.
    command=("{venv}/../.venv-hug/bin/python", "app.py", "{port}"),
    ready="/v1/greet",
    ini={"plugin.doors": "on", "plugin.doors.include": "tests.originals.hug.ours"},
    token=False,
    cases=(
        add("two numbers", {"a": 2, "b": 3}),
        add("a default", {"a": 2}),
        add("two faults", {"a": "x", "b": 99}, why=FAULTS),
        add("a text for a number", {"a": "2"}, why="Theirs makes it fit, and its documentation says number."),
        add("true for a number", {"a": True}, why="Theirs takes it for 1."),
        add("a fraction for a number", {"a": 2.7}, why="Theirs cuts it to 2 in silence."),
        add("a member nobody knows", {"a": 2, "c": 1}, why="Theirs drops it in silence."),
        add("nothing", {}, why=FAULTS),
        add("no object", [2], why="Ours says what is wrong with it."),
        add("no JSON", b"{", why=CRASH),
        add("not UTF-8", b'{"a": "\xff"}', why=CRASH),
        greet("version 1 by address", "/v1/greet"),
        greet("version 2 by address", "/v2/greet?name=ann"),
        greet("version 2 by parameter", "/greet?api_version=2", "/v1/greet?api_version=2"),
        greet("version 2 by header", "/greet", "/v1/greet", headers={"X-API-VERSION": "2", "API-Version": "2"}),
        greet("a version that is not there", "/v9/greet", why="Theirs shows its whole documentation; ours lists the versions."),
        greet(
            "the same by parameter",
            "/greet?api_version=9",
            "/v1/greet?api_version=9",
            why="Theirs shows its whole documentation; ours lists the versions.",
        ),
        greet("no version named", "/greet", "/v1/greet", why="Ours takes the oldest."),
        greet("an address nobody has", "/nothing", "/v1/nothing"),
        Case("another method", "/add", ours="/v1/add"),
    ),
)
