"""The first start: an administrator with a password that nobody has chosen."""

from __future__ import annotations

import logging
import secrets
import string
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, exists, inspect, select
from sqlalchemy.orm import Session

from benben.features.identity.models import User
from benben.features.identity.problems import UserExists
from benben.features.identity.services.accounts import create_user
from benben.features.identity.services.passwords import Passwords
from benben.security.identity import ADMIN

log = logging.getLogger("benben.identity")

# 24 of 62 characters are 142 bits; without signs it can be selected by a double click.
LETTERS = string.ascii_letters + string.digits
LENGTH = 24


def first_user_start(name: str, passwords: Passwords) -> Callable[[Any], None]:
    """Return the start function that makes the user called *name* where there is none at all."""

    def start(registry: Any) -> None:
        password = make_first_user(registry.engine, passwords, name) if name else None
        if password is not None:
            # SECURITY: not through logging, which keeps what it is told and sends it elsewhere.
            print(f"Made the user {name} (role {ADMIN}) with the password {password}", file=sys.stderr)
            print("It is shown this once.", file=sys.stderr, flush=True)

    return start


def make_first_user(engine: Engine, passwords: Passwords, name: str) -> str | None:
    """Make an administrator and return the password, or None where there are users already."""
    if not inspect(engine).has_table(User.__tablename__):
        log.warning("the user %s is made by the first start after `benben db INI upgrade`", name)
        return None
    with Session(engine) as session:
        if session.scalar(select(exists().select_from(User))):
            return None
    password = "".join(secrets.choice(LETTERS) for _ in range(max(LENGTH, passwords.shortest)))
    try:
        with Session(engine) as session, session.begin():
            create_user(session, passwords, name, password=password, roles=(ADMIN,))
    except UserExists:
        # Two processes start at once; the unique name decides, and only one has a password to tell.
        return None
    return password
