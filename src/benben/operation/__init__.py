"""Operations: a typed function is an endpoint, a command and a call.

    @operation("items.show", "GET", "/items/{item_id}", permission="items.read")
    def show_item(item_id: Annotated[int, Meta(ge=1)], q: Annotated[str, Meta(max_length=50)] = "") -> Shown:
        ...

Always there. A plugin gives its functions to ``config.add_operations``. Annotations are those
that msgspec knows, with its ``Meta`` for bounds; they are compiled once to a colander schema.
Parameters come from the path, the query, the body or a header; what no client could send (a
session, the caller, a clock, whatever a plugin provides by ``config.add_provider``) is injected,
in a request, in ``benben call``, and inside a `Scope` anywhere else.
"""

from typing import Any

from benben.kernel.plugin import Plugin
from benben.operation.declaration import Body, Header, Operation, Query, operation
from benben.operation.endpoint import add_operations, operation_mistakes
from benben.operation.problems import PROBLEMS
from benben.operation.providers import Clock, Providers, Scope, add_provider
from benben.operation.types import digits

__all__ = ["Body", "Clock", "Header", "Operation", "Query", "Scope", "digits", "operation"]

PLUGIN = Plugin(name="operation", summary="Functions as endpoints, commands and calls.", problems=PROBLEMS)


def includeme(config: Any) -> None:
    """Give plugins ``config.add_operations`` and ``config.add_provider``."""
    config.add_plugin(PLUGIN)
    config.registry.operations = {}
    config.registry.providers = Providers()
    config.registry.assembly.tracked += [config.registry.operations, config.registry.providers.factories]
    config.add_directive("add_operations", add_operations)
    config.add_directive("add_provider", add_provider)
    config.add_check(operation_mistakes)
