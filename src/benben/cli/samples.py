"""Applications that are sent made-up requests: each with a database of its own and a few rows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from benben.cli.inifile import Ini
    from benben.kernel.assemble import Assembly
    from benben.resource.definition import BoundResource

ROWS = 100
CALLER = "cost"
WHOLE = ""
"""In place of a plugin: the application as the ini says."""


@dataclass(slots=True)
class Variant:
    """One application under measurement, and the requests that it is sent."""

    plugin: str
    along: tuple[str, ...]
    resource: str
    app: Any
    environs: Mapping[str, Callable[[], dict[str, Any]]]


@contextmanager
def prepared(ini: Ini, database: AbstractContextManager[str], off: Sequence[str], *, resource: str) -> Iterator[Variant]:
    """Give an application of *ini* without the plugins *off*, on a *database* of its own with some rows."""
    from benben.cli.application import build
    from benben.kernel.mistakes import ConfigurationMistakes

    with database as url:
        switches = {f"plugin.{name}": "off" for name in off}
        changed = {"sqlalchemy.url": url, "benben.migrate": "auto", **switches}
        try:
            assembly = build(replace(ini, settings={**ini.settings, **changed}))
        except ConfigurationMistakes as exc:
            raise click.ClickException(f"cannot be off: {exc.mistakes[0].text}") from exc
        registry = assembly.config.registry
        try:
            # Neither secrets nor anything that plugins do at a start: this is no start.
            registry.migrate(registry)
            yield Variant(off[0] if off else WHOLE, tuple(off[1:]), *_ready(assembly, resource))
        finally:
            # A plugin may write down by a thread of its own what it has counted.
            assembly.stop()
            registry.engine.dispose()


@contextmanager
def scratch(url: URL, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database on the server of *url*, or in *folder*; it is dropped at the end.

    Raises: click.ClickException: PostgreSQL does not let this user make one.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError

    name = f"benben_cost_{secrets.token_hex(4)}"
    if url.get_backend_name() == "sqlite":
        yield f"sqlite:///{folder / name}.sqlite"
        return
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except DBAPIError as exc:
        server.dispose()
        raise click.ClickException(f"A database for the measurement cannot be made: {exc.orig}") from exc
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.dispose()


def _ready(assembly: Assembly, resource: str) -> tuple[str, Any, Mapping[str, Callable[[], dict[str, Any]]]]:
    """Return a resource, the WSGI application and what makes the environ of each kind of request."""
    app = assembly.config.make_wsgi_app()
    caller = _caller(assembly)
    parts = assembly.config.registry.resource_parts
    if resource and resource not in parts:
        raise click.ClickException(f"without it there is no resource {resource}")
    refusals = []
    for name in [resource] if resource else sorted(name for name, item in parts.items() if not item.bound.resource.is_read_only):
        requests = _requests(assembly, name, caller)
        refusal = _fill(app, requests["create"])
        if not refusal:
            return name, app, requests
        refusals.append(f"{name}: {refusal}")
    raise click.ClickException("There is no resource whose rows can be made up. " + "; ".join(refusals))


def _fill(app: Any, create: Callable[[], dict[str, Any]]) -> str:
    """Create some rows; return the answer that is none to a creation, empty if there is none."""
    for _ in range(ROWS):
        status, content = called(app, create())
        if not status.startswith("201"):
            return f"{status} {content[:200].decode(errors='replace')}"
    return ""


def called(app: Any, environ: dict[str, Any]) -> tuple[str, bytes]:
    """Return status and body of the answer of *app*."""
    status: list[str] = []
    body = app(environ, lambda line, *_rest: status.append(line))
    try:
        return status[0], b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def _caller(assembly: Assembly) -> dict[str, Any]:
    """Return what an environ needs to come from an administrator, with a token where there are any."""
    from sqlalchemy.orm import Session

    from benben.security.identity import ADMIN, Identity

    registry = assembly.config.registry
    if "jwt" not in assembly.manifests:
        return {"benben.identity": Identity(CALLER, frozenset({ADMIN}), "Bearer")}
    from benben.features.identity.services import create_user
    from benben.features.jwt.services import issue_access_token

    with Session(registry.engine) as session, session.begin():
        create_user(session, registry.identity.passwords, CALLER, roles=[ADMIN])
    return {"HTTP_AUTHORIZATION": f"Bearer {issue_access_token(registry, CALLER)}"}


def _requests(assembly: Assembly, name: str, caller: Mapping[str, Any]) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what makes the environ of an item, a list and a creation."""
    bound: BoundResource = assembly.config.registry.resource_parts[name].bound
    path = assembly.settings.prefix.rstrip("/") + bound.path
    body = _body(bound)
    origin = next((word for word in assembly.source.texts.get("cors.origins", "").split() if "*" not in word), "")
    # What a browser sends, so that what depends on it is seen.
    base = {"HTTP_ACCEPT_ENCODING": "gzip, br, zstd", **({"HTTP_ORIGIN": origin} if origin else {}), **caller}
    return {
        "item": lambda: _environ("GET", f"{path}/1", base),
        "list": lambda: _environ("GET", path, base),
        "create": lambda: _environ("POST", path, base, body()),
    }


def _environ(method: str, path: str, base: Mapping[str, Any], content: bytes = b"") -> dict[str, Any]:
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(content),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **base,
    }
    return environ | ({"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(content))} if content else {})


def _body(bound: BoundResource) -> Callable[[], bytes]:
    """Return what makes up the body of a new row: the examples of its schema, and texts that differ."""
    from colander import null

    from benben.kernel.wire import write_json
    from benben.rest.scalars import String

    counter = 0

    def body() -> bytes:
        nonlocal counter
        counter += 1
        found: dict[str, Any] = {}
        for node in bound.write_schema.children:
            if isinstance(node.typ, String) and node.typ.pattern is None and node.typ.format is None and node.required:
                found[node.name] = f"Row {counter}"
            elif node.required and getattr(node, "example", null) is not null:
                found[node.name] = node.example
            elif node.required:
                found[node.name] = 1
        return write_json(found)

    return body
