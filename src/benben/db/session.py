"""``request.dbsession`` and ``request.tm``: one transaction for each request that needs one.

A request of an unsafe method runs inside pyramid_tm. A safe one runs without: the
transaction manager would cost it more than its query. A view that opens
``request.dbsession`` on a safe request gets a transaction at that moment, and it ends as
any other does: committed below 400, rolled back otherwise.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pyramid.tweens import EXCVIEW
from pyramid_tm import maybe_tag_retryable
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, sessionmaker
from zope.sqlalchemy.datamanager import STATUS_CHANGED, join_transaction

from benben.db.engine import READ_ONLY
from benben.db.variables import set_locally

if TYPE_CHECKING:
    from pyramid.response import Response

    from benben.kernel.bands import Handler
    from benben.kernel.request import Request

REQUEST = "benben_request"
"""Execution option of a connection: a weak reference to the request whose statements it sends."""
# Sent through the same events as a statement, without being one.
SAVEPOINT_WORDS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TM_SETTINGS: Mapping[str, Any] = {
    "tm.manager_hook": "pyramid_tm.explicit_manager",
    "tm.commit_veto": "benben.db.session.veto",
    "tm.activate_hook": "benben.db.session.needs_transaction",
    # It would ask for the user before routing, on health checks too.
    "tm.annotate_user": "false",
    "retry.attempts": "3",
}


def register_sessions(config: Any, engine: Engine) -> None:
    """Include pyramid_tm with the settings that this project relies on."""
    # A name of the ini wins for the number of attempts only; the rest is not a matter of taste.
    config.add_settings({**TM_SETTINGS, "retry.attempts": config.get_settings().get("retry.attempts", "3")})
    config.include("pyramid_tm")
    writers, readers = build_factories(engine)
    count_statements(engine)

    def dbsession(request: Request) -> Session:
        safe = request.method in SAFE_METHODS
        if safe and not request.environ.get("tm.active"):
            request.tm.begin()
            request.environ.update({"tm.active": True, "tm.manager": request.tm, "benben.tm": True})
        # Weak, because the request holds its session: a circle would wait for the garbage collector.
        return (readers if safe else writers)(info={"manager": request.tm, "request": weakref.ref(request)})

    config.add_request_method(dbsession, reify=True)
    config.add_tween("benben.db.session.lazy_transaction_tween_factory", over=EXCVIEW)


def build_factories(engine: Engine) -> tuple[sessionmaker[Session], sessionmaker[Session]]:
    """Return the session factories for requests that write and for those that read."""
    writers: sessionmaker[Session] = sessionmaker(engine, class_=type("RequestSession", (Session,), {}))
    readers = sessionmaker(engine.execution_options(**{READ_ONLY: True}), class_=writers.class_)

    # PERF: registered once for the class; once for each session costs more than a query.
    @event.listens_for(writers.class_, "after_begin")
    @event.listens_for(writers.class_, "after_attach")
    def join(session: Session, *_args: Any) -> None:
        # Changed from the start: a write through Core or text would else be rolled back silently.
        join_transaction(session, STATUS_CHANGED, session.info["manager"])

    @event.listens_for(writers.class_, "after_begin")
    def name_request(session: Session, _transaction: Any, connection: Connection) -> None:
        request = session.info["request"]()
        if request is not None and request.registry.runner.variables:
            set_locally(connection.exec_driver_sql, request.registry.runner.variables.of(request))
        # After BEGIN, which is thereby not counted.
        connection.execution_options(**{REQUEST: session.info["request"]})

    return writers, readers


def count_statements(engine: Engine) -> None:
    """Count on the request what its session sends; the runner counts what goes past SQLAlchemy.

    Neither BEGIN and COMMIT nor savepoints are counted. The time is that of the driver's call.
    """

    @event.listens_for(engine, "before_cursor_execute")
    def begin(connection: Connection, _cursor: Any, sql: str, _parameters: Any, context: Any, _many: bool) -> None:
        reference = connection.get_execution_options().get(REQUEST)
        if reference is None or sql.startswith(SAVEPOINT_WORDS):
            return
        request = reference()
        if request is not None:
            request.statement_count += 1
            context.benben_began = request, perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def end(_connection: Connection, _cursor: Any, _sql: str, _parameters: Any, context: Any, _many: bool) -> None:
        _count_time(context)

    @event.listens_for(engine, "handle_error")
    def fail(failure: Any) -> None:
        # What ran into its limit is what took longest.
        _count_time(failure.execution_context)


def _count_time(context: Any) -> None:
    began = getattr(context, "benben_began", None)
    if began is not None:
        request, started = began
        request.statement_s += perf_counter() - started
        context.benben_began = None


def needs_transaction(request: Request) -> bool:
    """Tell pyramid_tm whether to begin a transaction before anything else happens."""
    return request.method not in SAFE_METHODS


def veto(request: Request, response: Response) -> bool:
    """Tell whether the transaction is rolled back: at 400 and above, and after any exception."""
    return response.status_code >= 400 or getattr(request, "exc_info", None) is not None


def lazy_transaction_tween_factory(handler: Handler, _registry: Any) -> Handler:
    """End the transaction that a safe request has begun, if it has."""

    def lazy_transaction(request: Request) -> Response:
        try:
            response = handler(request)
        except Exception:
            if "benben.tm" in request.environ:
                maybe_tag_retryable(request, sys.exc_info())
                _end(request).abort()
            raise
        if "benben.tm" in request.environ:
            failed = getattr(request, "exc_info", None)
            if failed is not None:
                maybe_tag_retryable(request, failed)
            manager = _end(request)
            if manager.isDoomed() or veto(request, response):
                manager.abort()
            else:
                manager.commit()
        return response

    return lazy_transaction


def _end(request: Request) -> Any:
    for key in ("tm.active", "tm.manager", "benben.tm"):
        del request.environ[key]
    return request.tm
