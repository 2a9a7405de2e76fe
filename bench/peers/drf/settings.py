"""The settings of Django: no sessions, no users, no templates; what a bare API needs."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

_URL = urlsplit(os.environ["BENCH_DATABASE_URL"])

SECRET_KEY = "a benchmark signs nothing"
DEBUG = False
ALLOWED_HOSTS = ("*",)
USE_TZ = True
ROOT_URLCONF = "bench.peers.drf.urls"
APPEND_SLASH = False
INSTALLED_APPS = ("rest_framework", "django_filters", "bench.peers.drf")
MIDDLEWARE = ("django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware")
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
if _URL.scheme.startswith("sqlite"):
    _DATABASE = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": _URL.path.removeprefix("/"),
        "OPTIONS": {"init_command": "PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000"},
    }
else:
    _DATABASE = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _URL.path.removeprefix("/"),
        "USER": _URL.username,
        "HOST": _URL.hostname,
        "PORT": _URL.port,
    }
# Persistent connections, as "Databases" of Django's documentation recommends.
DATABASES = {"default": {**_DATABASE, "CONN_MAX_AGE": None}}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": (),
    "DEFAULT_PERMISSION_CLASSES": (),
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ("rest_framework.renderers.JSONRenderer",),
    "DEFAULT_PARSER_CLASSES": ("rest_framework.parsers.JSONParser",),
    "DEFAULT_FILTER_BACKENDS": ("django_filters.rest_framework.DjangoFilterBackend", "rest_framework.filters.OrderingFilter"),
    "ORDERING_PARAM": "sort",
}
