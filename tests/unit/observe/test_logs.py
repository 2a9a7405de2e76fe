"""The formatters: one line for each record, whoever made it and whatever it holds."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from benben.observe.access import log_access
from benben.observe.facts import RequestFinished
from benben.observe.logs import ConsoleFormatter, JSONFormatter

INI = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = json
[logger_root]
level = INFO
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = json
[formatter_json]
class = benben.observe.logs.JSONFormatter
"""
PROGRAM = """
import logging, logging.config, sys, structlog
logging.config.fileConfig(sys.argv[1], disable_existing_loggers=False)
logging.getLogger("plain").info("from %s", "logging", extra={"shelf": 3})
structlog.get_logger("rich").info("from structlog", shelf=3)
"""


class Sink(io.StringIO):
    """What a handler has written."""

    def lines(self) -> list[str]:
        """Return the lines as any reader would split them."""
        return self.getvalue().splitlines()

    def last(self) -> dict[str, Any]:
        """Return the one line that was written, decoded."""
        (line,) = self.lines()
        found: dict[str, Any] = json.loads(line)
        return found


@pytest.fixture
def logger() -> Iterator[Callable[[logging.Formatter], tuple[logging.Logger, Sink]]]:
    """Make a logger that writes through a formatter into a sink."""
    made = logging.getLogger("benben.test.formatters")

    def make(formatter: logging.Formatter) -> tuple[logging.Logger, Sink]:
        sink = Sink()
        handler = logging.StreamHandler(sink)
        handler.setFormatter(formatter)
        made.handlers, made.propagate = [handler], False
        made.setLevel(logging.DEBUG)
        return made, sink

    yield make
    made.handlers, made.propagate = [], True


@pytest.fixture
def json_log(logger: Any) -> tuple[logging.Logger, Sink]:
    """A logger that writes JSON."""
    found: tuple[logging.Logger, Sink] = logger(JSONFormatter())
    return found


def test_a_record_of_logging_is_one_object(json_log: tuple[logging.Logger, Sink]) -> None:
    """With the instant in UTC, the level, the logger, the event and what the caller added."""
    log, sink = json_log
    log.warning("shelf %d is full", 3, extra={"books": 40})

    line = sink.last()

    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert line["timestamp"][10] == "T"
    assert line["timestamp"].endswith("Z")
    assert {key: line[key] for key in ("level", "logger", "event", "books")} == {
        "level": "warning",
        "logger": "benben.test.formatters",
        "event": "shelf 3 is full",
        "books": 40,
    }


def test_the_ini_makes_both_libraries_write_alike(tmp_path: Path) -> None:
    """The class in the ini is enough; structlog is sent through logging by it."""
    ini = tmp_path / "logging.ini"
    ini.write_text(INI)

    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(ini)], capture_output=True, text=True, check=True, timeout=60
    )

    lines = [json.loads(line) for line in answer.stderr.splitlines()]
    assert [(line["logger"], line["level"], line["event"], line["shelf"]) for line in lines] == [
        ("plain", "info", "from logging", 3),
        ("rich", "info", "from structlog", 3),
    ]
    assert [list(line) for line in lines] == [["timestamp", "level", "logger", "event", "shelf"]] * 2


def test_the_request_id_is_in_every_line_of_a_request(json_log: tuple[logging.Logger, Sink]) -> None:
    """Bound once, it is in the lines of whoever logs."""
    log, sink = json_log
    with structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
        log.info("inside")

    assert sink.last()["request_id"] == "0123456789abcdef"


@pytest.mark.parametrize(
    "attack",
    [
        "a\r\nINFO forged",
        "a\nb\rc",
        "\x1b[31mred\x1b[0m\x1b]0;title\x07",
        '"}\n{"event": "forged"}',
        "a\x85b\u2028c\u2029d",
        "a\x00b\x0bc\x0cd\x1ce",
        "\u202egnp.exe",
    ],
    ids=ascii,
)
def test_hostile_text_stays_inside_of_its_line(attack: str) -> None:
    """One line, plain ASCII, from which the text can be read back."""
    record = logging.LogRecord("a", logging.INFO, __file__, 1, "agent %s", (attack,), None)
    record.agent = attack

    text = JSONFormatter().format(record)

    assert text.isascii()
    assert "\x1b" not in text
    assert len(text.splitlines()) == 1
    assert json.loads(text)["event"] == f"agent {attack}"
    assert json.loads(text)["agent"] == attack


@given(st.text(), st.dictionaries(st.text(), st.recursive(st.none() | st.floats() | st.binary(), st.lists)))
def test_any_event_is_one_line_of_json(event: str, members: dict[str, Any]) -> None:
    """Whatever somebody logs."""
    record = logging.LogRecord("a", logging.INFO, __file__, 1, event, None, None)
    record.details = members

    line = JSONFormatter().format(record)

    assert len(line.splitlines()) == 1
    assert json.loads(line)["logger"] == "a"


def test_an_exception_is_text_without_the_values_of_variables(json_log: tuple[logging.Logger, Sink]) -> None:
    """A traceback, its secrets masked as in any text."""
    log, sink = json_log
    local = "pl4nted"
    try:
        raise LookupError(f"postgresql://me:{local}@host/db")
    except LookupError:
        log.exception("it failed")

    line = sink.last()

    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("LookupError: postgresql://me:***@host/db")
    assert "pl4nted" not in sink.getvalue()


def test_a_deep_traceback_keeps_its_innermost_calls(json_log: tuple[logging.Logger, Sink]) -> None:
    """Forty of them, and the exception itself."""
    log, sink = json_log

    # Two by turns: a call that repeats itself is shown in short anyway.
    def fall(depth: int) -> None:
        drop(depth - 1)

    def drop(depth: int) -> None:
        if depth <= 0:
            raise LookupError("at the bottom")
        fall(depth)

    try:
        fall(300)
    except LookupError:
        log.exception("it failed")

    text = sink.last()["exception"]
    assert text.endswith("LookupError: at the bottom")
    assert text.count("in fall") + text.count("in drop") == 40


def test_a_record_that_cannot_be_rendered_is_told_as_such() -> None:
    """Where a formatter raises, logging prints the arguments to stderr, secrets included."""
    record = logging.LogRecord("a", logging.INFO, __file__, 17, "%d books", ("pl4nted",), None)

    line = json.loads(JSONFormatter().format(record))

    assert line["event"] == "a log record cannot be formatted"
    assert line["error"] == "TypeError"
    assert line["place"] == f"{__file__}:17"
    assert "pl4nted" not in str(line)


def test_a_member_cannot_take_the_place_of_the_level(json_log: tuple[logging.Logger, Sink]) -> None:
    """What identifies a line is not the caller's to set."""
    log, sink = json_log
    log.info("true", extra={"level": "critical", "timestamp": "1970", "event": "false", "logger": "other"})

    line = sink.last()

    assert (line["level"], line["logger"], line["event"]) == ("info", "benben.test.formatters", "true")
    assert line["timestamp"] > "2000"


def test_other_formatters_still_see_the_record(logger: Any) -> None:
    """Two handlers may write the same record, each in its way."""
    log, sink = logger(JSONFormatter())
    plain = Sink()
    log.addHandler(logging.StreamHandler(plain))
    try:
        raise LookupError("gone")
    except LookupError:
        log.exception("it failed on shelf %d", 3)

    assert sink.last()["event"] == "it failed on shelf 3"
    assert plain.lines()[0] == "it failed on shelf 3"
    assert plain.lines()[-1] == "LookupError: gone"


def test_the_access_line_has_every_member_of_the_fact(caplog: pytest.LogCaptureFixture) -> None:
    """Failures of the server are warnings, so that a level can choose them."""
    fact = RequestFinished(
        request_id="0123456789abcdef",
        method="GET",
        route="/v1/books/{key}",
        path="/v1/books/17",
        status=503,
        duration_s=0.0123456789,
        attempts=2,
        userid="ann",
        bytes_sent=None,
        statement_count=1,
        statement_s=0.001,
        remote_addr="192.0.2.1",
        user_agent="curl/8",
    )
    with caplog.at_level(logging.INFO, "benben.access"):
        log_access(fact)
    (record,) = caplog.records

    line = json.loads(JSONFormatter().format(record))

    assert record.levelno == logging.WARNING
    assert line["event"] == "GET /v1/books/17 503 12.3 ms"
    assert line["duration_s"] == 0.012346
    assert {name: line[name] for name in RequestFinished.__slots__ if name != "duration_s"} == {
        name: getattr(fact, name) for name in RequestFinished.__slots__ if name != "duration_s"
    }
    assert logging.Formatter("%(message)s").format(record) == line["event"]


def test_the_console_is_for_a_person(logger: Any) -> None:
    """Time, level, logger, event, members; further lines are indented, nothing else escapes."""
    log, sink = logger(ConsoleFormatter())
    log.info("two\nlines \x1b[31m", extra={"shelf": 3, "password": "pl4nted"})
    try:
        raise LookupError("gone")
    except LookupError:
        log.exception("it failed")

    lines = sink.lines()

    assert lines[0][12:] == " INFO    benben.test.formatters: two"
    assert lines[1] == r"    lines \x1b[31m shelf=3 password='***'"
    assert lines[-1] == "    LookupError: gone"
    assert all(line.startswith("    ") for line in lines[3:])
