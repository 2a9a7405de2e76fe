"""Benben with a thousand routes beside those of its plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyramid.paster import get_app, setup_logging

INI = str(Path(__file__).parents[1] / "routes.ini")


def create_app() -> Any:
    """Return the WSGI application."""
    setup_logging(INI.replace("routes.ini", "benben.ini"))
    return get_app(INI)
