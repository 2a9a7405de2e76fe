"""What can be done with users, for views, commands and scripts alike.

The functions take a session and leave the commit to its owner::

    with Session(registry.engine) as session, session.begin():
        create_user(session, registry.identity.passwords, "ada", password=..., roles=["editor"])
"""

from benben.features.identity.services.accounts import (
    activate,
    create_user,
    deactivate,
    find_user,
    set_password,
    set_roles,
)
from benben.features.identity.services.directory import Directory
from benben.features.identity.services.first_user import first_user_start, make_first_user
from benben.features.identity.services.passwords import Passwords
from benben.features.identity.services.users import Users

__all__ = [
    "Directory",
    "Passwords",
    "Users",
    "activate",
    "create_user",
    "deactivate",
    "find_user",
    "first_user_start",
    "make_first_user",
    "set_password",
    "set_roles",
]
