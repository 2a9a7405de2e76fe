"""Formatters for the logging sections of the ini: one JSON object for each line, or a console.

::

    [formatter_json]
    class = benben.observe.logs.JSONFormatter

Records of ``logging`` and of structlog come out alike: ``timestamp``, ``level``,
``logger``, ``event``, ``request_id``, what the caller added, ``exception``. Secrets are
masked, and whatever a caller sent stays inside its line.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.processors import ExceptionRenderer
from structlog.stdlib import (
    BoundLogger,
    ExtraAdder,
    LoggerFactory,
    PositionalArgumentsFormatter,
    ProcessorFormatter,
    filter_by_level,
)

from benben.observe.redact import redact_item, redact_text

MAX_FRAMES = 40
RESERVED = ("timestamp", "level", "logger", "event")
Render = Callable[[dict[str, Any]], str]

_extra = ExtraAdder()
# ASCII only: a line separator of Unicode or a lone surrogate is escaped as a line end is.
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=str).encode


class RedactingFormatter(ProcessorFormatter):
    """What the two formatters share; never raises, whatever the record holds.

    ``format``, ``datefmt`` and ``style`` of the ini's section are ignored.

    Args:
        render: makes the line of an event whose secrets are masked already.
    """

    def __init__(self, render: Render) -> None:
        def finish(_logger: Any, _method: str, event: Any) -> str:
            return render(collect(event))

        exception = ExceptionRenderer(exception_text)
        super().__init__(foreign_pre_chain=(add_members,), processors=(exception, finish))
        self._render = render
        configure_structlog()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of *record*; a record that cannot be rendered is told as such."""
        try:
            if "fact" in record.__dict__:
                # PERF: half the time of structlog's way, which finds out what the caller added.
                event = {"event": record.getMessage(), "fact": record.__dict__["fact"]}
                return self._render(collect(event | {"_record": record, "_from_structlog": False}))
            return super().format(record)
        except Exception as exc:
            # Logging would print the raw arguments to stderr instead, secrets included.
            event = {"event": "a log record cannot be formatted", "error": type(exc).__name__}
            where = {"place": f"{record.pathname}:{record.lineno}"}
            return self._render(collect(event | where | {"_record": record, "_from_structlog": False}))


class JSONFormatter(RedactingFormatter):
    """Each record as one line of JSON in ASCII."""

    def __init__(self, *_args: Any, **_kw: Any) -> None:
        super().__init__(_encode)


class ConsoleFormatter(RedactingFormatter):
    """Each record as text for a person at a terminal; tracebacks keep their lines."""

    def __init__(self, *_args: Any, **_kw: Any) -> None:
        super().__init__(console_text)


def configure_structlog() -> None:
    """Send what structlog's loggers are given to ``logging``, unless somebody has decided otherwise.

    Logging belongs to the process, not to an application; so does this.
    """
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            filter_by_level,
            merge_contextvars,
            PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=True,
    )


def add_members(logger: Any, method: str, event: Any) -> Any:
    """Add what the caller of ``logging`` gave as ``extra``; it cannot replace the message."""
    return {**_extra(logger, method, dict(event)), "event": event["event"]}


def collect(event: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a line in their order, secrets masked.

    Args:
        event: an event dictionary of structlog, ``_record`` included.
    """
    record: logging.LogRecord = event.pop("_record")
    del event["_from_structlog"]
    fact = event.pop("fact", None)
    instant = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
    line: dict[str, Any] = {
        "timestamp": instant.removesuffix("+00:00") + "Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": redact_text(str(event.pop("event", ""))),
    }
    for members in (get_contextvars(), fact_members(fact), event):
        for key, value in members.items():
            if key not in RESERVED:
                line[key] = redact_item(key, value)
    if "exception" in line:
        line["exception"] = line.pop("exception")
    return line


def fact_members(fact: Any) -> Mapping[str, Any]:
    """Return the members that a fact adds to its line."""
    if fact is None:
        return {}
    names = getattr(type(fact), "__slots__", ())
    return {name: _rounded(getattr(fact, name)) for name in names}


def exception_text(exc_info: Any) -> str:
    """Return the traceback with its innermost 40 calls, without the values of variables."""
    return "".join(traceback.format_exception(*exc_info, limit=-MAX_FRAMES)).rstrip()


def console_text(line: dict[str, Any]) -> str:
    """Return *line* as text; what does not print is escaped, further lines are indented."""
    head = f"{line['timestamp'][11:23]} {line['level'].upper():<7} {line['logger']}: "
    shown = {key: value for key, value in line.items() if key not in (*RESERVED, "exception")}
    if line["logger"] == "benben.access":
        shown = {key: value for key, value in shown.items() if key in ("request_id", "userid") and value}
    rest = "".join(f" {key}={value if isinstance(value, (int, float)) else repr(value)}" for key, value in shown.items())
    exception = "\n" + line["exception"] if line.get("exception") else ""
    return "\n    ".join(_escaped(part) for part in (head + line["event"] + rest + exception).split("\n"))


def _rounded(value: Any) -> Any:
    return round(value, 6) if type(value) is float else value


def _escaped(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
