"""Data sets that plugins bring along; ``benben import INI NAME`` loads one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pyramid.exceptions import ConfigurationError
from sqlalchemy.orm import Session


class Progress(Protocol):
    """What an importer tells of its way."""

    def start(self, text: str, total: int) -> None:
        """Begin a step of *total* rows."""

    def advance(self, number: int) -> None:
        """Tell that *number* more rows are done."""


Importer = Callable[..., Mapping[str, int]]
FileUse = Literal["none", "optional", "required"]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set; to call it is to load it.

    Args:
        name: what ``benben import`` calls it.
        file: whether it is read from a file that the operator names.
    """

    name: str
    importer: Importer
    file: FileUse = "none"

    def __call__(self, session: Session, progress: Progress, path: Path | None = None) -> Mapping[str, int]:
        """Load it inside the transaction of *session* and return the rows by table."""
        return self.importer(session, progress) if self.file == "none" else self.importer(session, progress, path)


def add_importer(config: Any, name: str, importer: Importer, *, file: FileUse = "none") -> None:
    """Offer a data set.

    Args:
        importer: takes a session inside one transaction, and the progress; returns rows by
            table. Running it again must bring the rows up to date, not double them.
        file: unless ``none``, the importer takes a third argument: the path of the file that
            ``benben import INI NAME FILE`` names, or None where that is ``optional``.
    """
    if config.registry.importers.setdefault(name, DataSet(name, importer, file)).importer is not importer:
        raise ConfigurationError(f"two plugins import {name}")
