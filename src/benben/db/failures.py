"""What the database refuses or fails, as problems.

Nothing of the statement, its values or the server's own text reaches the caller.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pyramid_retry import is_last_attempt, mark_error_retryable
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from benben.kernel.problems import Conflict, InternalError, Problem, Unavailable, respond

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.request import Request

log = logging.getLogger("benben.db")

RETRY_AFTER_S = 2
# SQLSTATE classes and codes; PostgreSQL documentation, appendix A.
UNAVAILABLE_CLASSES = ("08", "53", "57P", "58", "55P03", "25006")
SERIALIZATION_CLASS = "40"
STATEMENT_TIMEOUT = "57014"
SQLITE_BUSY = ("database is locked", "database table is locked", "database is busy")
SQLITE_INTERRUPTED = "interrupted"
SQLITE_FULL = ("database or disk is full",)


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or has no connection to give; nothing was done."""

    code, title = "db-unavailable", "The database is not available just now"


class DatabaseBusy(Unavailable):
    """Others kept changing the same rows, or held them too long; nothing was done."""

    code, title = "db-busy", "Too many requests change the same data"


class StatementTooSlow(Unavailable):
    """The database took longer than it may; nothing was done."""

    code, title = "db-too-slow", "The database took too long"
    hint = "Ask for less at once: a narrower filter, fewer embedded relations, a lower limit."


class StorageFull(Problem):
    """There is no room left to write; reading goes on."""

    code, status, title = "db-full", 507, "The storage is full"
    hint = "Tell the operator; the request may be sent again once there is room."


class ConstraintViolated(Conflict):
    """A rule of the database forbids this state, a unique value that exists for example."""

    code, title = "db-constraint", "A rule of the data forbids this"
    hint = "`constraint` names the rule; change the values that it speaks of."


class ValueOutOfRange(Problem):
    """A value does not fit the column that it is compared with or written to."""

    code, status, title = "db-value-out-of-range", 400, "A value is out of the range of its field"
    hint = "`/openapi.json` has the bounds of every field."


PROBLEMS = (DatabaseUnavailable, DatabaseBusy, StatementTooSlow, StorageFull, ConstraintViolated, ValueOutOfRange)


def register_database_failures(config: Any) -> None:
    """Register the views for what SQLAlchemy raises."""
    for context in (DBAPIError, PoolTimeoutError, StaleDataError):
        config.add_exception_view(database_view, context=context)


def database_view(exc: SQLAlchemyError, request: Request) -> Response:
    """Answer what the database said; what another attempt may cure is raised again.

    pyramid_tm marks a failure inside the view by itself, one at COMMIT only if no view answers.
    """
    problem = explain(exc)
    if isinstance(problem, DatabaseBusy) and not is_last_attempt(request):
        mark_error_retryable(exc)
        raise exc
    if isinstance(problem, InternalError):
        log.error("request %s failed in the database", request.id, exc_info=exc)
    elif problem.status >= 500:
        log.warning("request %s: %s (%s)", request.id, problem.title, type(exc).__name__)
    return respond(problem, request.id)


def explain(exc: Any) -> Problem:
    """Return the problem that *exc* means."""
    if isinstance(exc, StaleDataError):
        return DatabaseBusy(retry_after_s=RETRY_AFTER_S)
    if isinstance(exc, PoolTimeoutError) or getattr(exc, "connection_invalidated", False):
        return DatabaseUnavailable(retry_after_s=RETRY_AFTER_S)
    state = getattr(exc.orig, "sqlstate", None) or ""
    text = str(exc.orig)
    if isinstance(exc, IntegrityError):
        return ConstraintViolated(constraint=constraint_of(exc))
    if state == STATEMENT_TIMEOUT or text == SQLITE_INTERRUPTED:
        return StatementTooSlow(retry_after_s=RETRY_AFTER_S)
    if state.startswith(SERIALIZATION_CLASS) or text.startswith(SQLITE_BUSY) or state == "55P03":
        return DatabaseBusy(retry_after_s=RETRY_AFTER_S)
    if text.startswith(SQLITE_FULL) or state == "53100":
        return StorageFull()
    if isinstance(exc, (DataError,)) or isinstance(exc.orig, OverflowError):
        return ValueOutOfRange()
    if state.startswith(UNAVAILABLE_CLASSES) or (
        not state and isinstance(exc, (OperationalError, InterfaceError)) and _is_network(exc)
    ):
        return DatabaseUnavailable(retry_after_s=RETRY_AFTER_S)
    return InternalError()


def constraint_of(exc: IntegrityError) -> str:
    """Return the name or the columns of the violated constraint, free of values.

    PostgreSQL names the constraint; SQLite says ``UNIQUE constraint failed: books.isbn``.
    """
    diagnostics = getattr(exc.orig, "diag", None)
    if diagnostics is not None and diagnostics.constraint_name:
        return diagnostics.constraint_name
    text = str(exc.orig)
    return text.partition("constraint failed: ")[2] or text.partition(" constraint failed")[0].lower()


def _is_network(exc: DBAPIError) -> bool:
    return type(exc.orig).__module__.startswith("psycopg") or "unable to open database" in str(exc.orig)
