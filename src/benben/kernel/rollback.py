"""What directives fill, and how a plugin that fails halfway is taken out of it again.

Pyramid keeps what was registered before an ``includeme`` raised; so do our own directives,
which put things into lists and dictionaries at once. Half a plugin is worse than none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Container = dict[Any, Any] | list[Any] | set[Any]


class Rollback:
    """The state of some containers; `restore` brings it back, in place.

    Args: containers: lists, sets and dictionaries; lists inside a dictionary are kept as well.
    """

    def __init__(self, containers: Sequence[Container]) -> None:
        self._restores = [_restore_of(container) for container in containers]

    def restore(self) -> None:
        """Take out what came in since; whoever holds a container keeps holding it."""
        for restore in self._restores:
            restore()


def _restore_of(container: Container) -> Callable[[], None]:
    if isinstance(container, list):
        items = list(container)

        def restore_list() -> None:
            container[:] = items

        return restore_list
    members = container.copy()
    inside = Rollback([member for member in members.values() if isinstance(member, list)] if isinstance(members, dict) else ())

    def restore_members() -> None:
        container.clear()
        container.update(members)
        inside.restore()

    return restore_members
