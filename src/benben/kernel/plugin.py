"""The manifest of a plugin: what the host must know before it is included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benben.kernel.problems import Problem
    from benben.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Permission:
    """A thing that a caller may be allowed to do.

    Args:
        name: ``<plugin>.<verb>``, as the views name it.
        rule: who may by default: ``public``, ``authenticated``, ``role:<name>`` or ``nobody``;
            several words mean any of them.
        help: one sentence for the operator.
    """

    name: str
    rule: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a plugin says of itself; ``PLUGIN`` in the module that holds ``includeme``.

    Args:
        name: a noun; also the prefix of its settings, tables, problems and metrics.
        summary: one sentence for lists of plugins.
        settings: schemas of the settings it reads, each with a prefix of its own.
        requires: plugins that must be on as well; they are included before it.
        replaces: plugins whose place it takes; it includes them itself if it builds on them.
        host: the versions of Benben that it works with, as a PEP 440 specifier.
        version: its own version.
        permissions: the permissions that its views name.
        problems: the problems that it raises.
        migrations: ``module:folder`` of its Alembic scripts.
        outside: its routes stand beside ``benben.prefix``, not inside it.
    """

    name: str
    summary: str = ""
    settings: tuple[type[Settings], ...] = ()
    requires: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    host: str = ""
    version: str = ""
    permissions: tuple[Permission, ...] = ()
    problems: tuple[type[Problem], ...] = ()
    migrations: str = ""
    outside: bool = False
