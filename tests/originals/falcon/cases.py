"""What Falcon and benben_quotes are both asked: mostly HTTP."""

from __future__ import annotations

from typing import Any

from tests.originals.comparison import Case, Original

RITCHIE = "/quote?author=Dennis%20Ritchie"
PROBLEM = "Both say what is wrong; ours is a problem (RFC 9457)."
EMPTY = {"Content-Length": "0"}


def one(name: str, target: str = RITCHIE, method: str = "GET", *, body: Any = None, why: str = "", **headers: str) -> Case:
    """Return a case that is at the same address below our prefix."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Case(name, target, method, headers=named, body=body, ours=f"/v1{target}", why=why)


def shown(document: Any) -> Any:
    """Leave what both have."""
    return {name: document[name] for name in ("quote", "author")} if isinstance(document, dict) else document


ORIGINAL = Original(
    title="Falcon 4.4",
    command=("{venv}/bin/python", "app.py", "{port}"),
    ready="/quote",
    shown=shown,
    cases=(
        one("of one author"),
        one("head", method="HEAD", why="Falcon has HEAD where somebody has written on_head; here it is GET without a body."),
        one("options", method="OPTIONS", why="Ours has no body, 204, and says what can be posted; theirs is 200."),
        one("an author without quotes", "/quote?author=Nobody", why=PROBLEM),
        one("an address that is not there", "/quotes", why=PROBLEM),
        one("create", "/quote", "POST", body={"quote": "Done is better than perfect.", "author": "Somebody"}),
        one("an empty object", "/quote", "POST", body={}, why="Ours names both members."),
        one("no JSON", "/quote", "POST", body=b'{"quote": "a",}', why="Both say where it stops being JSON."),
        one("no body", "/quote", "POST", body=b"", why=PROBLEM),
        one(
            "a key twice",
            "/quote",
            "POST",
            body=b'{"quote": "a", "quote": "b", "author": "c"}',
            why="Theirs takes the last one in silence.",
        ),
        one("NaN", "/quote", "POST", body=b'{"quote": NaN, "author": "c"}', why="Both refuse; ours because it is no JSON."),
        one(
            "a member nobody knows",
            "/quote",
            "POST",
            body={"quote": "a", "author": "b", "year": 1},
            why="Theirs keeps it, since nothing says what a quote is; ours refuses it.",
        ),
        one(
            "another media type", "/quote", "POST", body=b"<a/>", why="Ours lists what it reads.", Content_Type="application/xml"
        ),
        one("a representation that is not there", Accept="image/png", why="Theirs sends JSON all the same."),
        one("a method that is not there", "/quote", "DELETE", why=PROBLEM),
        one("a method that is none", "/quote", "BREW", why="400 there; 501 is the word of RFC 9110, section 15.6.2."),
        one("a path that is not UTF-8", "/quote/%ff", why="Theirs looks for it and does not find it."),
    ),
)
