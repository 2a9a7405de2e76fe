"""What Connexion and Benben are both asked, who serve the same OpenAPI file."""

from __future__ import annotations

from typing import Any

from tests.originals.comparison import Case, Original

ADA = {"fname": "Ada", "lname": "Lovelace"}
JSON = {"Content-Type": "application/json"}
FIRST = (
    "Theirs tells the first fault in the words of a library, with the schema; ours tells every one, with its place and a code."
)
UNKNOWN = "Theirs passes over a parameter that the file does not have; ours refuses it and says which was meant."
PLACE = "Both 400; ours has the place and a word for programs."


def get(name: str, target: str, *, why: str = "") -> Case:
    """Return a case that reads *target*."""
    return Case(name, target, why=why)


def put(name: str, body: Any, *, key: object = 1, why: str = "") -> Case:
    """Return a case that puts *body* in the place of a person."""
    return Case(name, f"/v1/people/{key}", "PUT", JSON, body, why=why)


ORIGINAL = Original(
    title="Connexion 3.3.0",
    # Its Allow is a set of texts, in another order each time.
    command=("/usr/bin/env", "PYTHONHASHSEED=0", "{venv}/bin/python", "app.py", "{port}"),
    ini={"service.people.permission.read": "authenticated", "service.people.permission.write": "authenticated"},
    ready="/v1/people",
    cases=(
        get("nobody yet", "/v1/people"),
        put("create", ADA),
        put("replace", {**ADA, "fname": "Augusta"}),
        get("it is there", "/v1/people/1"),
        put("one more", {"fname": "Grace", "lname": "Hopper"}, key=2),
        get("a list in order", "/v1/people"),
        get("with a filter and defaults", "/v1/people?lname=Hopper"),
        get("a page", "/v1/people?limit=1&offset=1"),
        get("what is not there", "/v1/people/999"),
        get(
            "a key that is no number", "/v1/people/x", why="Theirs has no such address; ours says that the key is a whole number."
        ),
        get("a key out of range", "/v1/people/0", why=PLACE),
        get("two faults in the query", "/v1/people?limit=x&offset=-1", why=FIRST),
        get("a number with a point", "/v1/people?limit=1.0", why=PLACE),
        get("an unknown parameter", "/v1/people?limt=1", why=UNKNOWN),
        get("a parameter twice", "/v1/people?limit=1&limit=2", why="Theirs takes the last one; ours refuses to guess."),
        put("four faults in the body", {"id": 3, "fname": "", "lnam": "x"}, why=FIRST),
        put("faults in path and body", {"fname": 1}, key=0, why=FIRST),
        put(
            "a read-only member",
            {**ADA, "id": 5},
            why="Theirs gives it to the function like any other; ours says that it is read-only.",
        ),
        put("a member nobody knows", {**ADA, "nmae": "x"}, why=PLACE),
        put(
            "a line break at the end of a name",
            {**ADA, "fname": "Ada\n"},
            why="The pattern forbids it, but the `$` of Python is before a last line break too; ours is the end.",
        ),
        put("no object", [1], why=PLACE),
        put("no JSON", b"{", why="Both 400; ours says at which byte."),
        put("a key twice", b'{"fname": "a", "fname": "b", "lname": "c"}', why="Theirs takes the last one in silence."),
        put("not UTF-8", b'{"fname": "\xff", "lname": "c"}', why="Theirs is a fault of the server; ours says at which byte."),
        put("NaN", b'{"fname": NaN, "lname": "c"}', why=PLACE),
        put(
            "too deep",
            b"[" * 5000 + b"]" * 5000,
            why="Theirs is a fault of the server; ours has a bound of 64 levels and says so.",
        ),
        Case("no body", "/v1/people/1", "PUT", JSON, b"", why=PLACE),
        Case("another media type", "/v1/people/1", "PUT", {"Content-Type": "text/plain"}, b"{}"),
        Case("a method that is not there", "/v1/people/1", "PATCH", JSON, {}, why="Theirs leaves PUT and DELETE out of Allow."),
        Case(
            "a wish for XML",
            "/v1/people",
            headers={"Accept": "application/xml"},
            why="Theirs sends JSON to who does not read it.",
        ),
        Case("remove", "/v1/people/2", "DELETE"),
        Case("remove again", "/v1/people/2", "DELETE"),
        get("an address that is not there", "/v1/nothing"),
    ),
)
