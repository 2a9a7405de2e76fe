"""One line for each request, of one shape, that nobody can forge and that tells no secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benben.testing import API
from tests.functional.observability.conftest import Lines
from tests.functional.observability.seen import broken_observer

ID = "0123456789abcdef"


@pytest.fixture
def api(build: Callable[..., API], lines: Lines) -> API:
    """An application with views of every kind of end."""
    found = build()
    lines.text = ""
    return found


@pytest.mark.parametrize(
    ("path", "status", "route"),
    [
        ("/well/1", 200, "/well/{key}"),
        ("/redirect/1", 303, "/redirect/{key}"),
        ("/conflict/1", 409, "/conflict/{key}"),
        ("/broken/1", 500, "/broken/{key}"),
        ("/hopeless/1", 500, "/hopeless/{key}"),
        ("/nowhere", 404, ""),
        ("/guarded", 503, ""),
    ],
)
def test_a_request_is_one_line_with_the_status_that_was_sent(api: API, lines: Lines, path: str, status: int, route: str) -> None:
    """Whoever answered it: a view, an exception view, a tween, the edge."""
    answer = api.get(path, headers={"X-Request-Id": ID}, expect_errors=True)

    (line,) = lines.of("benben.access")
    assert answer.status_int == line["status"] == status
    assert (line["path"], line["route"], line["request_id"]) == (path, route, ID)
    assert line["level"] == ("warning" if status >= 500 else "info")


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/well/%ff", "GET", {}, 400),
        ("/well/1?q=%ff", "GET", {}, 400),
        ("/well/1", "GET", {"Accept": "\xff"}, 400),
        ("/well/1", "BREW", {}, 501),
        ("/well/1", "TRACE", {}, 405),
        ("/well/1", "POST", {}, 413),
    ],
)
def test_what_the_edge_refuses_is_one_line_too(
    build: Callable[..., API], lines: Lines, path: str, method: str, headers: dict[str, str], status: int
) -> None:
    """With the id of the answer, and counted; no route was looked for, no other tween was asked."""
    api = build(plugin__metrics="on", service__metrics__permission__read="public", benben__max_body_bytes="3")
    api.lint = False

    answer = api.request(path, method=method, headers=headers, body=b"four" if method == "POST" else b"", expect_errors=True)

    (line,) = lines.of("benben.access")
    assert answer.status_int == line["status"] == status
    assert line["request_id"] == answer.headers["X-Request-Id"] == answer.json["instance"]
    assert (line["method"], line["route"], line["attempts"], line["userid"]) == (method, "", 1, "")
    assert line["path"] == ("/well/\ufffd" if "%ff" in path.partition("?")[0] else "/well/1")
    known = "(other)" if method in ("BREW", "TRACE") else method
    counted = f'benben_request_seconds_count{{method="{known}",route="(none)",status="{status // 100}xx"}} 1.0'
    assert counted in api.get("/metrics").text


def test_the_line_says_who_asked(api: API, lines: Lines) -> None:
    """A name that was verified; of a stranger none."""
    api.by("ann", "editor").get("/well/1")
    api.get("/well/1")

    assert [line["userid"] for line in lines.of("benben.access")] == ["ann", ""]


def test_repeated_attempts_are_one_line(api: API, lines: Lines) -> None:
    """It tells how many there were."""
    assert api.get("/repeated/1").text == "at last"
    api.get("/hopeless/1", expect_errors=True)

    found = [(line["status"], line["attempts"]) for line in lines.of("benben.access")]
    assert found == [(200, 3), (500, 3)]


@pytest.mark.parametrize("sent", [{}, {"X-Request-Id": ID}, {"X-Request-Id": "no word"}])
def test_all_attempts_have_one_id(api: API, lines: Lines, sent: dict[str, str]) -> None:
    """That of the caller if it is a plain word; the next request gets another."""
    answers = [api.get("/repeated/1", headers=sent) for _ in range(2)]

    told = [line["request_id"] for line in lines.of("seen.attempt")]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert told == [ids[0]] * 3 + [ids[1]] * 3
    assert [line["request_id"] for line in lines.of("benben.access")] == ids
    assert (ids[0] == ids[1]) == (sent.get("X-Request-Id") == ID)


def test_every_line_of_a_request_carries_its_id(api: API, lines: Lines) -> None:
    """Of both libraries, and of the one that tells of a failure; of no other request."""
    api.get("/well/1", headers={"X-Request-Id": ID})
    api.get("/broken/1", headers={"X-Request-Id": "f" * 16}, expect_errors=True)

    for logger in ("seen.logging", "seen.structlog"):
        assert [line["request_id"] for line in lines.of(logger)] == [ID]
    (failure,) = lines.of("benben.error")
    assert failure["request_id"] == "f" * 16
    assert "LookupError" in failure["exception"]


def test_no_planted_secret_reaches_the_log(api: API, lines: Lines) -> None:
    """Not from the headers, the query, the body, a message, a value of SQL or a member."""
    api.get("/well/1?access_token=pl4nted", headers={"Cookie": "session=pl4nted", "X-Api-Key": "pl4nted"})
    api.get("/well/1", headers={"Authorization": "Bearer pl4nted"}, expect_errors=True)
    api.post_json("/well/1", {"password": "pl4nted"}, expect_errors=True)
    api.get("/broken/1", expect_errors=True)
    api.get("/statement/1", expect_errors=True)
    api.get("/well/1", headers={"User-Agent": "curl Authorization: Bearer pl4nted"})
    api.get("/well/token=pl4nted", expect_errors=True)

    assert len(lines.of("benben.access")) == 7
    assert "nowhere" in lines.text
    assert "pl4nted" not in lines.text


@pytest.mark.parametrize(
    "attack",
    [
        'x"} {"event": "forged"}',
        "\x1b[31mred",
        "a\x0b\x0c\x1cb",
        "a\u0085b",
        "\u00e2\u0080\u00a8next line",
    ],
)
def test_a_user_agent_cannot_forge_a_line(api: API, lines: Lines, attack: str) -> None:
    """One line, in ASCII, nothing in it that moves a cursor."""
    api.get("/well/1", extra_environ={"HTTP_USER_AGENT": attack})

    assert lines.text.isascii()
    assert "\x1b" not in lines.text
    (line,) = lines.of("benben.access")
    assert line["user_agent"].isprintable()
    assert not lines.of("forged")


def test_a_path_cannot_forge_a_line(api: API, lines: Lines) -> None:
    """Also for a formatter that writes the bare message."""
    api.get("/well/%0D%0AINFO%20forged%1B%5B31m", expect_errors=True)

    (line,) = lines.of("benben.access")
    assert line["path"] == r"/well/\r\nINFO forged\x1b[31m"
    assert line["event"].isprintable()


def test_an_observer_that_fails_breaks_no_request(build: Callable[..., API], lines: Lines) -> None:
    """It is counted each time and logged once."""
    api = build()
    api.registry.observers.add(broken_observer)

    for key in range(3):
        assert api.get(f"/well/{key}").text == "well"

    assert api.registry.observers.failures == 3
    (line,) = lines.of("benben.observe")
    assert "broken_observer" in line["event"]


def test_two_applications_tell_their_own_observers(build: Callable[..., API]) -> None:
    """What one is asked, the other does not hear of."""
    one, other = build(), build()
    told: list[str] = []
    other.registry.observers.add(lambda fact: told.append(fact.path))

    one.get("/well/1")
    other.get("/well/2")

    assert told == ["/well/2"]
