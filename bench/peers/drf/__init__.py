"""Django REST framework: ModelViewSet, ModelSerializer, django-filter, cursor pagination."""

from __future__ import annotations

import os
from typing import Any


def create_app() -> Any:
    """Return the WSGI application."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.peers.drf.settings")
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()
