"""Services that are written as OpenAPI files, and functions that carry them out.

A plugin calls ``config.add_contract("people", "people.yaml", handlers="benben_people.handlers")``:
routes, arguments, checks of what comes in and goes out, security and documents follow from the
file. Needs the extra ``contract``; what reads the file is imported with the first contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from benben.contract.problems import PROBLEMS
from benben.contract.settings import ContractSettings
from benben.kernel.mistakes import Mistake, nearest
from benben.kernel.plugin import Plugin
from benben.kernel.settings import unknown_keys

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly

PLUGIN = Plugin(
    name="contract",
    summary="Services from OpenAPI files.",
    settings=(ContractSettings,),
    problems=PROBLEMS,
)


def includeme(config: Any) -> None:
    """Give plugins ``config.add_contract``."""
    config.registry.contract_settings = config.add_plugin(PLUGIN)
    config.registry.contracts = {}
    config.registry.assembly.tracked.append(config.registry.contracts)
    config.add_directive("add_contract", add_contract)
    config.add_check(contract_mistakes)


def add_contract(config: Any, name: str, file: str, **options: Any) -> None:
    """Serve the OpenAPI document in *file*; see `benben.contract.services.serve_contract`."""
    # PERF: the libraries behind it take a third of a second to import.
    from benben.contract.services import serve_contract

    serve_contract(config, name, file, **options)


def contract_mistakes(assembly: Assembly) -> Iterable[Mistake]:
    """Yield a mistake for every key under ``contract.`` that is none, and every contract that is not there."""
    yield from unknown_keys(assembly.source, assembly.known_keys(), "contract")
    registry = assembly.config.registry
    for name in registry.contract_settings.mock:
        if name not in registry.contracts and not (assembly.mistakes and name in assembly.plugins):
            yield Mistake("contract.mock", f"there is no contract called {name}{nearest(name, registry.contracts)}")
