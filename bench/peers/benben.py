"""Benben from ``bench/benben.ini``: tokens, permissions, ETags, metrics, request ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyramid.paster import get_app, setup_logging

INI = str(Path(__file__).parents[1] / "benben.ini")


def create_app() -> Any:
    """Return the WSGI application."""
    setup_logging(INI)
    return get_app(INI)
