"""What an operator can set of roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import colander

from benben.kernel import Setting, Settings, Whole

ROLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class RoleLines(colander.SchemaType):
    """One role on each line: ``librarian = books.read books.write``."""

    expects = "lines such as: librarian = books.read books.write"

    def deserialize(self, node: Any, text: str) -> Mapping[str, tuple[str, ...]]:
        """Return the permissions of each role."""
        found: dict[str, tuple[str, ...]] = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            name, sign, rest = (part.strip() for part in line.partition("="))
            if not sign or not ROLE.fullmatch(name) or name in found:
                raise colander.Invalid(node, f"{self.expects}; {line[:60]!r} is none, or names a role again")
            found[name] = tuple(rest.split())
        return MappingProxyType(found)


class RolesSettings(Settings):
    """``roles.*``."""

    prefix = "roles"

    define = Setting(
        RoleLines(),
        default=MappingProxyType({}),
        help="Roles that the API cannot change, one on each line: its name, =, permissions; books.* is all of books.",
    )
    recheck = Setting(
        Whole(1, 300),
        default=2,
        unit="s",
        help="For how long each process may use what it has read of the roles of the database.",
    )
