"""What FastAPI and the operations of benben_items are both asked."""

from __future__ import annotations

from typing import Any

from tests.originals.comparison import Case, Original

LAMP = {"name": "Lamp", "price": "12.50"}
PROBLEM = "422 against 400; ours is a problem (RFC 9457) whose `errors` have place, sentence and a word for programs."
KINDER = "Theirs makes it fit, which its document does not say; ours takes what the document says."


def put(name: str, body: Any, *, why: str = "") -> Case:
    """Return a case that puts *body* in the place of item 5."""
    return Case(name, "/items/5", "PUT", body=body, ours="/v1/items/5", why=why)


def get(name: str, target: str, *, why: str = "") -> Case:
    """Return a case that reads *target*."""
    return Case(name, target, ours=f"/v1{target}", why=why)


ORIGINAL = Original(
    title="FastAPI 0.165.0",
    command=("{venv}/bin/python", "app.py", "{port}"),
    ready="/openapi.json",
    cases=(
        get("what is not there", "/items/5"),
        put("a good body", LAMP),
        get("it is there", "/items/5"),
        get("with a parameter", "/items/5?q=lamp"),
        put(
            "a price as a number",
            {"name": "Lamp", "price": 12.5},
            why="Ours has the two digits behind the point that are declared.",
        ),
        put("two faults", {"price": "12.555"}, why=PROBLEM),
        put("a text for a boolean", LAMP | {"is_offer": "yes"}, why=KINDER),
        put("a number for a boolean", LAMP | {"is_offer": 1}, why=KINDER),
        put("a number for a text", LAMP | {"name": 7}, why=PROBLEM),
        put("a member nobody knows", LAMP | {"is_ofer": True}, why="Theirs drops it; ours asks whether is_offer was meant."),
        put("a price that is no number", LAMP | {"price": "NaN"}, why=PROBLEM),
        put("a name too long", LAMP | {"name": "x" * 101}, why=PROBLEM),
        put("no object", [1], why=PROBLEM),
        put("no JSON", b"{", why=PROBLEM),
        put("a key twice", b'{"name": "a", "name": "b", "price": "1.00"}', why="Theirs takes the last one in silence."),
        put("not UTF-8", b'{"name": "\xff", "price": "1.00"}', why="Both 400; ours says where."),
        Case(
            "another media type",
            "/items/5",
            "PUT",
            headers={"Content-Type": "text/plain"},
            body=b'{"name": "Lamp", "price": "1.00"}',
            ours="/v1/items/5",
            why="A type that is not read is 415 with Accept-Post, and no fault of the body.",
        ),
        get("a text for a number", "/items/abc", why=PROBLEM),
        get("zero", "/items/0", why=PROBLEM),
        get("a decimal for a number", "/items/5.0", why=KINDER),
        get("digits of another script", "/items/%D9%A5", why=PROBLEM),
        get("a parameter too long", "/items/5?q=" + "x" * 51, why=PROBLEM),
        get("a parameter twice", "/items/5?q=a&q=b", why="Theirs takes the last one in silence."),
        get("a parameter nobody knows", "/items/5?Q=a", why="Theirs answers as if it had not been there."),
        Case("a type nobody has", "/items/5", headers={"Accept": "image/png"}, ours="/v1/items/5", why="Theirs sends JSON."),
        Case("another method", "/items/5", "POST", body=LAMP, ours="/v1/items/5"),
        Case("HEAD", "/items/5", "HEAD", ours="/v1/items/5", why="RFC 9110, 9.3.2: HEAD is there wherever GET is."),
        Case("OPTIONS", "/items/5", "OPTIONS", ours="/v1/items/5", why="RFC 9110, 9.3.7: it tells the methods."),
        get("an address nobody has", "/itemz"),
    ),
)
