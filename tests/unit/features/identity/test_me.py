"""Who am I."""

from __future__ import annotations

from benben.testing import API, assert_problem


def test_a_caller_sees_themselves(api: API) -> None:
    """As the credentials say; nobody else may keep the answer."""
    answer = api.by("ada", "editor", "author").get("/v1/users/me")

    assert answer.json == {"userid": "ada", "name": "ada", "roles": ["author", "editor"], "scheme": "Test"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_stranger_is_asked_to_say_who_they_are(api: API) -> None:
    """401 with a challenge, not an empty answer."""
    answer = api.get("/v1/users/me", status="*")

    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"]
