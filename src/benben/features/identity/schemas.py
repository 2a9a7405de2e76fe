"""What the parts of a user look like; there is one schema for every way in."""

from __future__ import annotations

import re

from benben.rest.nodes import List, Node, Schema, String

MAX_NAME = 64
MAX_PASSWORD = 1024
# A token carries them all, in a header of limited size.
MAX_ROLES = 50
USER_NAME = re.compile(rf"[a-z0-9._@-]{{1,{MAX_NAME}}}")
ROLE = r"[a-z0-9][a-z0-9._-]*"


class RolesSchema(Schema):
    """The roles of a user."""

    roles = Node(
        List(Node(String(pattern=ROLE, max_length=MAX_NAME)), max_items=MAX_ROLES),
        help="Words that the rules of permissions name.",
    )


class UserSchema(RolesSchema):
    """A user, without the password."""

    name = Node(String(pattern=USER_NAME.pattern), help="Unique, lower case.", example="ada")
    email = Node(String(format="email", max_length=254), nullable=True, missing=None, example="ada@example.org")
