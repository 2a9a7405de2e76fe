"""What is said in a room by REST, asked of Tornado and of Benben; the streams themselves are in test_streams_beside."""

from __future__ import annotations

from typing import Any

from tests.originals.comparison import Case, Original


def said(document: Any) -> Any:
    """Leave out who said it: the two sides have logged in differently."""
    return (
        {key: value for key, value in document.items() if key not in ("user", "at")} if isinstance(document, dict) else document
    )


USER = {"X-User": "ann"}
SAY = "/live/lobby/messages"
OURS = "/v1/live/lobby/messages"
WORDS = "Theirs is a page that names the status; ours says which field breaks which rule."

ORIGINAL = Original(
    title="Tornado 6",
    command=("{venv}/bin/python", "app.py", "{port}"),
    ini={"plugin.realtime": "on", "plugin.live": "on", "realtime.listen": "127.0.0.1:0"},
    shown=said,
    cases=(
        Case("say something", SAY, "POST", USER, {"text": "Hello"}, ours=OURS),
        Case("say it in another writing", SAY, "POST", USER, {"text": "こんにちは 🙂"}, ours=OURS),
        Case("say nothing", SAY, "POST", USER, {"text": ""}, ours=OURS, why=WORDS),
        Case("say too much", SAY, "POST", USER, {"text": "x" * 2001}, ours=OURS, why=WORDS),
        Case("say a number", SAY, "POST", USER, {"text": 5}, ours=OURS, why=WORDS),
        Case("no JSON", SAY, "POST", USER, b"{", ours=OURS, why=WORDS),
        Case(
            "a field that does not exist",
            SAY,
            "POST",
            USER,
            {"text": "Hello", "colour": "red"},
            ours=OURS,
            why="Theirs passes over what it does not know; ours refuses it, so that a typing error is found.",
        ),
        Case(
            "a form in place of JSON",
            SAY,
            "POST",
            {**USER, "Content-Type": "application/x-www-form-urlencoded"},
            b"text=Hello",
            ours=OURS,
            why="Theirs reads the bytes as JSON whatever they are called and fails; ours says what it reads.",
        ),
        Case(
            "a room that can be none",
            "/live/Not%20a%20room/messages",
            "POST",
            USER,
            {"text": "x"},
            ours="/v1/live/Not%20a%20room/messages",
        ),
        Case("a method that is not there", SAY, "DELETE", USER, ours=OURS),
        Case(
            "a method of the protocol",
            SAY,
            "OPTIONS",
            USER,
            ours=OURS,
            why="Theirs knows OPTIONS only where somebody wrote it; ours answers for every address.",
        ),
        Case(
            "a login with a form and without its token",
            "/login",
            "POST",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"user=ann",
        ),
    ),
)
