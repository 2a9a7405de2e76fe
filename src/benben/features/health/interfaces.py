"""What other features may know of the checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class IChecks(Protocol):
    """The checks of one application."""

    def add(self, name: str, check: Callable[[], str]) -> None:
        """Make readiness depend on *check*; see ``config.add_health_check``."""


def checks_of(registry: Any) -> IChecks | None:
    """Return the checks of an application, None where the plugin ``health`` is off."""
    found: IChecks | None = getattr(registry, "health", None)
    return found
