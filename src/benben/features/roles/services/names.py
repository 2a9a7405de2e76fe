"""Names of permissions, one by one or a family of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from benben.kernel.mistakes import Mistake, nearest

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly

EVERY = "*"


def is_known(name: str, permissions: Iterable[str]) -> bool:
    """Tell whether *name* is one of *permissions*, or stands for some of them."""
    return name == EVERY or bool(expanded([name], permissions))


def expanded(names: Iterable[str], permissions: Iterable[str]) -> frozenset[str]:
    """Return those of *permissions* that *names* stand for."""
    wanted = set(names)
    families = {name.removesuffix(EVERY) for name in wanted if name.endswith(f".{EVERY}")}
    return frozenset(
        name for name in permissions if EVERY in wanted or name in wanted or f"{name.rpartition('.')[0]}." in families
    )


def definition_mistakes(define: Mapping[str, tuple[str, ...]]) -> Callable[[Assembly], Iterable[Mistake]]:
    """Return the check that every permission of ``roles.define`` is declared."""

    def check(assembly: Assembly) -> Iterable[Mistake]:
        permissions: Mapping[str, Any] = assembly.permissions
        for role, names in define.items():
            for name in names:
                if not is_known(name, permissions):
                    yield Mistake("roles.define", f"{role}: no plugin declares the permission {name}{nearest(name, permissions)}")

    return check
