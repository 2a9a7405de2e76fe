"""What contracts bring into the one document: their operations, and the components that these refer to.

A schema keeps its name while nothing else has it; of two that are named alike the second is
named after its contract. Components of other kinds always are.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from benben.contract.bundle import component_of, rewrite

if TYPE_CHECKING:
    from benben.contract.services import Served

WORD = "contract"
"""In the words of an operation: the name of the contract that it is from."""


class Merged:
    """The components of all contracts under the names that they have in the one document.

    Args: schemas: those that are there already; what is referred to is added to them.

    Attributes:
        components: of every other kind, by kind and name.
    """

    def __init__(self, contracts: Mapping[str, Served], schemas: MutableMapping[str, Any]) -> None:
        self._contracts = contracts
        self._schemas = schemas
        self.components: dict[str, dict[str, Any]] = {}
        self._names: dict[tuple[str, str, str], str] = {}

    def take(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return an operation with its references as they are in the one document."""
        found = {key: value for key, value in said.items() if key != WORD}
        return self._renamed(found, said[WORD]) if said.get(WORD) in self._contracts else found

    def of(self, kind: str) -> dict[str, Any]:
        """Return the components of one kind; none of schemas, which are where the others are."""
        return dict(sorted(self.components.get(kind, {}).items()))

    def _renamed(self, value: Any, contract: str) -> Any:
        return rewrite(value, lambda reference: self._reference(reference, contract))

    def _reference(self, reference: str, contract: str) -> str:
        known = component_of(reference)
        if known is None:
            return reference
        kind, name = known
        final = self._names.get((contract, kind, name))
        if final is None:
            members = self._schemas if kind == "schemas" else self.components.setdefault(kind, {})
            final = self._names[contract, kind, name] = _free_name(name, contract, members, is_plain=kind == "schemas")
            # A place is kept first: what refers to itself finds its name.
            members[final] = {}
            members[final] = self._renamed(self._contracts[contract].contract.components(kind).get(name, {}), contract)
        return f"#/components/{kind}/{final}"


def _free_name(name: str, contract: str, taken: Mapping[str, Any], *, is_plain: bool) -> str:
    """Return the name under which a component of *contract* is kept."""
    own = f"{contract}.{name}"
    found = name if is_plain and name not in taken else own
    number = 1
    while found in taken:
        number += 1
        found = f"{own}_{number}"
    return found
