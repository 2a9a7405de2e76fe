"""One function, three doors: POST /users, ``benben call INI users.create`` and the call."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta
from sqlalchemy.orm import Session

from benben.features.identity.interfaces import IDirectory
from benben.operation import operation


@dataclass
class Person:
    """A user, as others see one."""

    name: str
    email: str | None


@operation("users.create", "POST", "/users", permission="users.create", status=201)
def create_user(
    name: Annotated[str, Meta(pattern="^[a-z0-9._@-]{1,64}$", description="Unique, lower case.", examples=["ada"])],
    dbsession: Session,
    directory: IDirectory,
    email: Annotated[str, Meta(max_length=254, examples=["ada@example.org"])] | None = None,
    password: Annotated[str, Meta(max_length=1024, description="Without one, nobody logs in by password.")] | None = None,
) -> Person:
    """Add a user without roles."""
    account = directory.add(dbsession, name, email=email, password=password)
    return Person(account.name, account.email)
