"""What an operator can set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from benben.kernel.mistakes import Mistake, nearest
from benben.kernel.settings import Setting, Settings, Switch, Values, Words

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly


class AuditSettings(Settings):
    """``audit.*``."""

    prefix = "audit"

    skip = Setting(Words(), default=(), help="Resources whose changes are not recorded.")
    logins = Setting(Switch(), default=True, help="Whether logins are recorded, those that failed as well.")
    addresses = Setting(Switch(), default=True, help="Whether the network address of a caller is recorded.")


def audit_mistakes(settings: Values) -> Callable[[Assembly], Iterable[Mistake]]:
    """Return the check of the names in ``audit.skip``."""

    def check(assembly: Assembly) -> Iterable[Mistake]:
        known = assembly.config.registry.resource_parts
        for name in settings.skip:
            # A resource of a plugin that is off keeps its place in the list.
            if name not in known and (nearest(name, known) or not assembly.switched_off):
                yield Mistake("audit.skip", f"there is no resource {name}{nearest(name, known)}")

    return check
