"""Who takes part, where its packages are, what it is asked, and which server it stands behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import kinto
from bench.commands import Command, benben_serve, granian, gunicorn, kinto_start, uvicorn, waitress
from bench.databases import INI, ROOT, Database
from bench.works import BULK, NEW, QUERY, Request, requests

OURS, NEIGHBOURS = ".venv", ".venv-bench"
PREFIX = "/v1"
NO_BULK = frozenset({"bulk"})
Requests = Callable[[Database], Mapping[str, Request]]


def peer_requests(database: Database) -> Mapping[str, Request]:
    """Return the requests that all peers share."""
    return requests(database.sizes)


def benben_requests(database: Database) -> Mapping[str, Request]:
    """Return the same requests for Benben: under its prefix, with a token."""
    token = ("Authorization", f"Bearer {database.token}")
    ours = {
        "embedded": Request("GET", "/books", f"{QUERY}&embed=author"),
        "bulk": Request("POST", "/books", body=json.dumps([NEW] * BULK), headers=(("Content-Type", "application/json"),)),
        "export": Request("GET", "/books", "limit=all", headers=(("Accept", "application/x-ndjson"),)),
    }
    return {
        name: replace(request, path=PREFIX + request.path, headers=(*request.headers, token))
        for name, request in {**requests(database.sizes), **ours}.items()
    }


def route_requests(prefix: str) -> Requests:
    """Return the requests of the first and the last of a thousand routes."""
    return lambda _database: {name: Request("GET", f"{prefix}/route{number}/7") for name, number in (("first", 0), ("last", 999))}


@dataclass(frozen=True)
class Contestant:
    """One framework, written as its documentation recommends.

    Args:
        module: has ``create_app``.
        interface: wsgi or asgi.
        home: the folder of its virtual environment.
        lacks: names of works that it does not do.
        requests: returns its requests by the name of the work.
        unwrap: returns the books of an answer as the checks know them.
        ini: what Benben is assembled from, by its own command.
    """

    name: str
    title: str
    module: str
    interface: str
    home: str = NEIGHBOURS
    lacks: frozenset[str] = frozenset()
    requests: Requests = peer_requests
    unwrap: Callable[[Any], Any] = lambda document: document
    ini: str = INI

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return ROOT / self.home / "bin" / "python"


@dataclass(frozen=True)
class Server:
    """A contestant behind a server.

    Args:
        command: returns what starts it on a port.
    """

    name: str
    title: str
    contestant: Contestant
    command: Command


BENBEN = Contestant("benben", "Benben", "bench.peers.benben", "wsgi", OURS, requests=benben_requests)
PYRAMID = Contestant("pyramid", "Pyramid, ORM", "bench.peers.pyramid_orm", "wsgi", OURS)
FASTAPI = Contestant("fastapi", "FastAPI", "bench.peers.fastapi_sync", "asgi")
FASTAPI_ASYNC = Contestant("fastapi-async", "FastAPI async", "bench.peers.fastapi_async", "asgi")
DRF = Contestant("drf", "DRF", "bench.peers.drf", "wsgi")
FLASK = Contestant("flask", "Flask-RESTful", "bench.peers.flask_restful", "wsgi", lacks=NO_BULK)
FALCON = Contestant("falcon", "Falcon + Core", "bench.peers.falcon_core", "wsgi", lacks=NO_BULK)
FLOOR = Contestant("floor", "floor", "bench.peers.floor", "wsgi", lacks=NO_BULK | {"404"})
KINTO = Contestant("kinto", "Kinto", "", "wsgi", lacks=NO_BULK | {"embedded"}, requests=kinto.kinto_requests, unwrap=kinto.unwrap)
IN_PROCESS = (BENBEN, PYRAMID, FASTAPI, FASTAPI_ASYNC, DRF, FLASK, FALCON, FLOOR)
ROUTES = (
    Contestant("benben", "Benben", "bench.peers.routes_benben", "wsgi", OURS, requests=route_requests("")),
    Contestant("pyramid", "Pyramid", "bench.peers.routes_pyramid", "wsgi", OURS, requests=route_requests("")),
)
ON_GRANIAN = Server("benben", "Benben, granian", BENBEN, granian)
ON_WAITRESS = Server("benben-waitress", "Benben, waitress", BENBEN, benben_serve)
EVERYTHING = replace(BENBEN, module="bench.peers.benben_everything", ini="bench/everything.ini")
WITH_EVERYTHING = (replace(ON_GRANIAN, contestant=EVERYTHING), replace(ON_WAITRESS, contestant=EVERYTHING))
SERVERS = (
    ON_GRANIAN,
    ON_WAITRESS,
    Server("floor", "floor, granian", FLOOR, granian),
    Server("floor-waitress", "floor, waitress", FLOOR, waitress),
    Server("fastapi", "FastAPI, uvicorn", FASTAPI, uvicorn),
    Server("fastapi-async", "FastAPI async", FASTAPI_ASYNC, uvicorn),
    Server("drf", "DRF, gunicorn", DRF, gunicorn),
    Server("flask", "Flask-RESTful", FLASK, gunicorn),
    Server("falcon", "Falcon + Core", FALCON, gunicorn),
)
KINTO_SERVER = Server("kinto", "Kinto", KINTO, kinto_start)
