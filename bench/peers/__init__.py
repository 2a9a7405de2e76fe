"""The contestants: each as the documentation of its framework recommends, behind ``create_app``.

A module here is imported by the interpreter of the contestant, not by that of the runner.
"""

from __future__ import annotations

import os


def database_url() -> str:
    """Return the URL of the database, in the words of SQLAlchemy."""
    return os.environ["BENCH_DATABASE_URL"]
