"""A plain Pyramid plugin whose views do everything that a transaction must survive."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPUnprocessableEntity
from pyramid.response import Response
from sqlalchemy import text
from transaction.interfaces import TransientError

from benben.kernel.problems import Conflict

INSERT = text("INSERT INTO note (body) VALUES ('x')")


def includeme(config: Any) -> None:
    """Add one route for each way to end."""
    for name, view in VIEWS.items():
        config.add_route(name, f"/{name}")
        config.add_view(view, route_name=name, permission="public")
    config.add_start(make_table)


def make_table(registry: Any) -> None:
    """Make the table; its body is unique at the end of a transaction where that is known."""
    deferred = "DEFERRABLE INITIALLY DEFERRED" if registry.engine.dialect.name == "postgresql" else ""
    with registry.engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE note (body TEXT, once INTEGER UNIQUE {deferred})"))


def count(request: Any) -> Response:
    """Tell how many notes there are, on another connection."""
    with request.registry.engine.connect() as connection:
        return Response(str(connection.execute(text("SELECT count(*) FROM note")).scalar()))


def write(request: Any) -> Response:
    """Write and succeed."""
    request.dbsession.execute(INSERT)
    return Response("written")


def write_and_return_422(request: Any) -> Response:
    """Write, then return an exception of Pyramid instead of raising it."""
    request.dbsession.execute(INSERT)
    return HTTPUnprocessableEntity()


def write_and_set_status(request: Any) -> Response:
    """Write, then set a status."""
    request.dbsession.execute(INSERT)
    return Response("no", status=418)


def write_and_raise(request: Any) -> Response:
    """Write, then raise a problem."""
    request.dbsession.execute(INSERT)
    raise Conflict("not today")


def write_and_fail(request: Any) -> Response:
    """Write, then fail."""
    request.dbsession.execute(INSERT)
    raise RuntimeError("planted")


def fail_once(request: Any) -> Response:
    """Fail in a way that another attempt cures."""
    request.dbsession.execute(INSERT)
    if request.environ["retry.attempt"] == 0:
        raise TransientError("again")
    return Response("written")


def break_at_commit(request: Any) -> Response:
    """Write what the database refuses, on PostgreSQL only at COMMIT."""
    for _ in range(2):
        request.dbsession.execute(text("INSERT INTO note (body, once) VALUES ('x', 1)"))
    return Response("written")


VIEWS = {
    "count": count,
    "write": write,
    "return-422": write_and_return_422,
    "set-status": write_and_set_status,
    "raise": write_and_raise,
    "fail": write_and_fail,
    "fail-once": fail_once,
    "break-at-commit": break_at_commit,
}
