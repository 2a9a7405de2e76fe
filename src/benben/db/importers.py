"""Data sets that plugins bring along; ``benben import INI NAME`` loads one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pyramid.exceptions import ConfigurationError
from sqlalchemy.orm import Session


class Progress(Protocol):
    """What an importer tells of its way."""

    def start(self, text: str, total: int) -> None:
        """Begin a step of *total* rows."""

    def advance(self, number: int) -> None:
        """Tell that *number* more rows are done."""


Importer = Callable[[Session, Progress], Mapping[str, int]]


def add_importer(config: Any, name: str, importer: Importer) -> None:
    """Offer a data set.

    Args:
        importer: takes a session inside one transaction, and the progress; returns rows by
            table. Running it again must bring the rows up to date, not double them.
    """
    if config.registry.importers.setdefault(name, importer) is not importer:
        raise ConfigurationError(f"two plugins import {name}")
