"""Numbers that are read at the moment of the question; a feature offers them and the plugin ``metrics`` shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benben.observe.observer import Observers


@dataclass(frozen=True, slots=True)
class Number:
    """One number, or one for each value of a label.

    Args:
        name: begins with ``benben_`` and the noun of the feature, and ends with the unit.
        value: where there is no label.
        label: the name of the label, whose values are few and never what a caller wrote.
        values: by the value of the label.
        only_grows: whether it is a counter, which begins anew with the process.
    """

    name: str
    summary: str
    value: float = 0
    label: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    only_grows: bool = False


Source = Callable[[], Iterable[Number]]


def add_numbers(config: Any, source: Source) -> None:
    """Show the numbers of *source*, a function that must be quick and is called from any thread."""
    observers: Observers = config.registry.observers
    # As an action, so that a plugin which fails later in its includeme leaves nothing behind.
    config.action(None, partial(observers.sources.append, source))
