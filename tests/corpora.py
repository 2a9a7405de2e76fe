"""Test data that others wrote; it stands beside the project and is never copied into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def corpus(name: str) -> Path:
    """Return the path of the file or folder *name*; skip the test where it is absent.

    ``BENBEN_CORPORA`` names another folder than ``../shared/corpora``.
    """
    path = Path(os.environ.get("BENBEN_CORPORA", _BESIDE)) / name
    if not path.exists():
        pytest.skip(f"the corpus {name} is not in {path.parent}")
    return path


def texts(name: str, pattern: str) -> list[tuple[str, str]]:
    """Return the names and texts of the files of *name* that *pattern* matches; none where it is absent."""
    folder = Path(os.environ.get("BENBEN_CORPORA", _BESIDE)) / name
    return [(path.name, path.read_text()) for path in sorted(folder.glob(pattern))]
