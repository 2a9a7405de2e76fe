"""What the tests of the commands write into an ini, and the types of their fixtures."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

SECRET = "a-secret-of-thirty-two-characters-or-more"
KEYS = f"""
benben.secret = {SECRET}
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/test.sqlite
plugin.identity = on
identity.hash_profile = cheapest
plugin.jwt = on
jwt.private_key = $generate:var/jwt.txt
plugin.books = on
books.page_size = 20
"""

Write = Callable[..., Path]
Run = Callable[..., Result]
Execute = Callable[..., subprocess.CompletedProcess[str]]
