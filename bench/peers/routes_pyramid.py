"""Pyramid as it is, with a thousand routes."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator


def create_app() -> Any:
    """Return the WSGI application."""
    with Configurator() as config:
        config.include("bench.peers.thousand")
        return config.make_wsgi_app()
