"""What operators ask, at the address of the gateway: a process that has nothing else is watched there.

They are the services ``health`` and ``metrics`` of the application, with its permissions.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from pyramid.interfaces import IRoutesMapper
from starlette.responses import Response

from benben.features.realtime.gateway.door import environ_of, plain_environ

if TYPE_CHECKING:
    from benben.kernel.router import Router

ROUTES = ("health.live", "health.ready", "metrics")


class Operations:
    """The few routes of the application that a gateway answers itself.

    Attributes: paths: where they are; empty where the plugins are off.
    """

    def __init__(self, router: Router, executor: Executor) -> None:
        self._router = router
        self._executor = executor
        mapper = router.registry.queryUtility(IRoutesMapper)
        found = (mapper.get_route(name) for name in ROUTES)
        self.paths = frozenset(route.path for route in found if route is not None)

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        environ = {**plain_environ(scope["path"]), **environ_of(scope), "REQUEST_METHOD": scope["method"]}
        loop = asyncio.get_running_loop()
        status, headers, body = await loop.run_in_executor(self._executor, self._ask, environ)
        # uvicorn says itself whether a connection goes on.
        said = {name: value for name, value in headers if name not in ("Connection", "Content-Length")}
        await Response(body, status_code=status, headers=said)(scope, receive, send)

    def _ask(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and body of the answer of the application."""
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            said[:] = [int(status.split()[0]), headers]

        body = self._router(environ, start)
        try:
            return said[0], said[1], b"".join(body)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
