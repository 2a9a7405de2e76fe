"""What PostgreSQL is told of a request, for its own policies: settings such as ``benben.tenant``.

A connection carries them while it serves the request: a transaction for as long as it lasts, a
lane until the next request wants others. SQLite has neither policies nor settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benben.db.lanes import Lane
    from benben.kernel.request import Request

SET = "SELECT set_config(%s, %s, %s)"


class Variables:
    """The variables of one application; ``registry.runner.variables``."""

    def __init__(self) -> None:
        self._asked: dict[str, Callable[[Request], str]] = {}

    def __bool__(self) -> bool:
        return bool(self._asked)

    def add(self, name: str, ask: Callable[[Request], str]) -> None:
        """Set *name*, with a dot in it, to what *ask* returns of each request."""
        self._asked[name] = ask

    def of(self, request: Request) -> Mapping[str, str]:
        """Return the values for *request*."""
        return {name: ask(request) for name, ask in self._asked.items()}

    def prepare(self, request: Request, lane: Lane) -> None:
        """Set what is not set already; callers of one tenant after another cost nothing more."""
        wanted = self.of(request)
        if lane.variables != wanted:
            for name, value in wanted.items():
                lane.execute(SET, (name, value, False))
            lane.variables = wanted
            request.statement_count += len(wanted)


def set_locally(execute: Callable[..., Any], values: Mapping[str, str]) -> None:
    """Set *values* until the transaction of *execute* ends."""
    for name, value in values.items():
        execute(SET, (name, value, True))
