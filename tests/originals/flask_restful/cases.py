"""What the quickstart of Flask-RESTful and benben_todos are both asked."""

from __future__ import annotations

from typing import Any

from tests.originals.comparison import Case, Original

MEMBERS = ("id", "task")
PROBLEM = "Theirs is a sentence; ours a problem (RFC 9457) with a type, and each fault has its place."
KINDER = "Theirs makes a text of it; ours takes what the document says."


def shown(document: Any) -> Any:
    """Leave what both have: ours has more fields, and pages."""
    if isinstance(document, dict) and "items" in document:
        return [shown(item) for item in document["items"]]
    return {name: document[name] for name in MEMBERS} if isinstance(document, dict) and "task" in document else document


def one(name: str, target: str = "/todos", method: str = "GET", *, body: Any = None, why: str = "", **headers: str) -> Case:
    """Return a case that is at the same address below our prefix."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Case(name, target, method, headers=named, body=body, ours=f"/v1{target}", why=why)


ORIGINAL = Original(
    title="Flask-RESTful 0.3.10",
    command=("{venv}/bin/python", "app.py", "{port}"),
    ready="/todos",
    shown=shown,
    cases=(
        one("an empty list"),
        one("create", method="POST", body={"task": "Buy milk"}),
        one("read", "/todos/1"),
        one("list"),
        one("what is not there", "/todos/999", why=PROBLEM),
        one(
            "a key that is no number", "/todos/abc", why="Theirs is Flask's page in HTML, the other 404 of the same API is JSON."
        ),
        one("no task", method="POST", body={}, why=PROBLEM),
        one("a null", method="POST", body={"task": None}, why=PROBLEM),
        one("a blank task", method="POST", body={"task": ""}, why="Theirs takes it, whatever its sentence says."),
        one("a task of spaces", method="POST", body={"task": "  "}, why="Theirs takes it."),
        one("a number for a text", method="POST", body={"task": 7}, why=KINDER),
        one("a list for a text", method="POST", body={"task": ["a", "b"]}, why="Theirs takes the first of them in silence."),
        one("a field nobody knows", method="POST", body={"task": "tea", "colour": "red"}, why="Theirs drops it; ours refuses."),
        one("two faults", method="POST", body={"task": "", "done": "x"}, why="Ours tells both."),
        one(
            "a list in place of an object",
            method="POST",
            body=[],
            why="Theirs asks for the task; ours would take many rows, and says that there are none.",
        ),
        one("no JSON", method="POST", body=b"{", why="Ours says at which byte."),
        one("another media type", method="POST", body=b"task=tea", why="Ours lists what it reads.", Content_Type="text/plain"),
        one("a method that is not there", "/todos/1", "POST", body={"task": "x"}, why="Ours is a problem; both have Allow."),
        one("a representation that is not there", "/todos/1", Accept="image/png", why="Theirs sends JSON all the same."),
        one("change", "/todos/1", "PUT", body={"task": "Buy tea"}, why="201 for a change is theirs; ours is 200."),
        one(
            "change what is not there", "/todos/999", "PUT", body={"task": "x"}, why="Theirs makes it; our keys are the server's."
        ),
        one("a part of it", "/todos/1", "PATCH", body={"task": "Buy tea"}, why="Theirs has no PATCH."),
        one("head", "/todos/1", "HEAD"),
        one("delete", "/todos/1", "DELETE"),
        one("delete again", "/todos/1", "DELETE", why=PROBLEM),
    ),
)
