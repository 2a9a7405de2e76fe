"""The files of a row, as its page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benben.features.browse.services.inputs import words
from benben.rest.files import IMAGES


@dataclass(frozen=True, slots=True)
class Shown:
    """A file of a row: what it is called, where its bytes are, what is said of it."""

    label: str
    name: str
    address: str
    about: str
    is_picture: bool


def shown_file(name: str, said: Mapping[str, Any], address: str) -> Shown:
    """Return a file as a page has it."""
    size = int(said.get("size", 0))
    measure = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB" if size >= 1e3 else f"{size} bytes"
    kind = str(said.get("media_type", ""))
    return Shown(words(name), str(said.get("name", "")), address, f"{kind}, {measure}", kind in IMAGES)
