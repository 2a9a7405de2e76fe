"""Rules: who has a permission, in words that an operator can write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from benben.kernel.mistakes import Mistake
from benben.security.identity import ADMIN, Identity

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly

PLAIN_WORDS = frozenset({"public", "authenticated", "nobody"})
PREFIXES = ("role:", "user:")


class Rule:
    """A set of words of which one must fit the caller.

    Args:
        text: ``public``, ``authenticated``, ``nobody``, ``role:<name>``, ``user:<id>``.

    Raises: ValueError: a word is none of these.
    """

    __slots__ = ("roles", "users", "words")

    def __init__(self, text: str) -> None:
        words = text.split()
        if not words or not all(is_word(word) for word in words):
            raise ValueError("expected public, authenticated, nobody, role:<name> or user:<id>")
        self.words = frozenset(words) & PLAIN_WORDS
        self.roles = frozenset(word.removeprefix("role:") for word in words if word.startswith("role:"))
        self.users = frozenset(word.removeprefix("user:") for word in words if word.startswith("user:"))

    @property
    def is_public(self) -> bool:
        """Tell whether nobody has to say who they are."""
        return "public" in self.words

    def allows(self, identity: Identity | None) -> bool:
        """Tell whether *identity*, or an anonymous caller, has the permission."""
        if self.is_public:
            return True
        if identity is None or "nobody" in self.words:
            return False
        if "authenticated" in self.words or ADMIN in identity.roles:
            return True
        return identity.userid in self.users or not self.roles.isdisjoint(identity.roles)

    def deciding(self, identity: Identity) -> str:
        """Return the word that gives or refuses the permission to *identity*, empty if none does."""
        for word in ("public", "nobody", "authenticated"):
            if word in self.words:
                return word
        if ADMIN in identity.roles:
            return f"role:{ADMIN}"
        if identity.userid in self.users:
            return f"user:{identity.userid}"
        return next((f"role:{role}" for role in sorted(self.roles & identity.roles)), "")


def is_word(word: str) -> bool:
    """Tell whether *word* may stand in a rule."""
    return word in PLAIN_WORDS or any(word.startswith(prefix) and len(word) > len(prefix) for prefix in PREFIXES)


def rule_mistakes(assembly: Assembly) -> Iterable[Mistake]:
    """Yield a mistake for every rule that cannot be read and every permission nobody declared."""
    declared = {name: permission.rule for name, permission in assembly.permissions.items()}
    for name, rule in (declared | assembly.rules).items():
        if not all(is_word(word) for word in rule.split()) or not rule.strip():
            text = f"{rule!r} is no rule; expected public, authenticated, nobody, role:<name> or user:<id>"
            yield Mistake(f"permission {name}", text)
    for used in assembly.contributions:
        if used.category != "permissions" or not _is_ours(used.plugin, assembly):
            continue
        value: Any = used.details.get("value")
        if isinstance(value, str) and value not in assembly.permissions and not value.startswith("__") and not is_word(value):
            yield Mistake(f"permission {value}", f"used at {used.place} is declared by no plugin")


def _is_ours(plugin: str, assembly: Assembly) -> bool:
    return plugin in assembly.plugins and not assembly.plugins[plugin].plain
