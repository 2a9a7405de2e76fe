"""The rules about the rows and fields of one resource: from the plugin, changed by the ini."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benben.kernel.mistakes import Mistake, nearest
from benben.kernel.problems import FieldError
from benben.resource.access.variables import Variable, read_condition
from benben.resource.definition import BoundResource
from benben.security.identity import ADMIN, Identity
from benben.security.rules import Rule, is_word

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.kernel.settings import Source, Values
    from benben.resource.definition import Resource
    from benben.resource.query.terms import Condition

RULE_WORDS = "public, authenticated, nobody, role:<name> or user:<id>"
VERBS = ("read", "write")
EVERY_ROW, NO_ROW = "all", "none"
ANYBODY, SOMEBODY = "public", "authenticated"


@dataclass(frozen=True, slots=True)
class RowRule:
    """The rows that one role has.

    Args:
        who: a role, ``authenticated`` or ``public``.
        verbs: what it is about: reading, writing, or both.
        text: an expression of the filter language, ``all`` or ``none``.
        place: the key in the ini, or the name in the plugin.
    """

    who: str
    verbs: tuple[str, ...]
    text: str
    place: str

    def applies(self, identity: Identity | None) -> bool:
        """Tell whether *identity*, or an anonymous caller, is meant."""
        if self.who == ANYBODY:
            return True
        return identity is not None and (self.who == SOMEBODY or self.who in identity.roles)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Who may read or write one field."""

    name: str
    verb: str
    text: str
    place: str
    rule: Rule | None = None

    def refuses(self, identity: Identity | None) -> bool:
        """Tell whether *identity* may not; a rule that cannot be read refuses everybody."""
        return self.rule is None or not self.rule.allows(identity)


@dataclass(frozen=True)
class Rules:
    """All rules of one resource."""

    rows: tuple[RowRule, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    keys: frozenset[str] = field(default_factory=frozenset)

    def rows_of(self, identity: Identity | None, verb: str) -> tuple[RowRule, ...] | None:
        """Return the rules that say which rows *identity* has; None if there is no limit.

        As with PostgreSQL's row-level security nobody has rows that no rule gives, once there
        is a rule; the administrator has all unless a rule names that role.
        """
        rules = [rule for rule in self.rows if verb in rule.verbs]
        found = tuple(rule for rule in rules if rule.applies(identity))
        is_admin = identity is not None and ADMIN in identity.roles and not any(rule.who == ADMIN for rule in rules)
        if not rules or is_admin or any(rule.text == EVERY_ROW for rule in found):
            return None
        return tuple(rule for rule in found if rule.text != NO_ROW)

    def words_of(self, identity: Identity | None, verb: str) -> str:
        """Return the rows of *identity* as one expression, ``all`` or ``none``."""
        rules = self.rows_of(identity, verb)
        if rules is None:
            return EVERY_ROW
        return " or ".join(f"({rule.text})" if len(rules) > 1 else rule.text for rule in rules) or NO_ROW

    def refused_fields(self, identity: Identity | None, verb: str) -> frozenset[str]:
        """Return the fields that *identity* may not read, or not write.

        Who may not read a field may not write it either, unless a rule says so.
        """
        refused = {rule.name for rule in self.fields if rule.verb == verb and rule.refuses(identity)}
        if verb == "write":
            judged = {rule.name for rule in self.fields if rule.verb == "write"}
            refused |= self.refused_fields(identity, "read") - judged
        return frozenset(refused)


def read_rules(source: Source, resource: Resource) -> Rules:
    """Return the rules of *resource*; a key of the ini takes the place of the plugin's own."""
    own = {f"row.{name}": (text, f"rows of resource {resource.name}: {name}") for name, text in resource.rows.items()}
    prefix = f"service.{resource.name}."
    keys = source.keys_under(prefix + "row") + source.keys_under(prefix + "field")
    written = {key.removeprefix(prefix): (source.texts[key].strip(), key) for key in keys}
    rows, fields = [], []
    for name, (text, place) in {**own, **written}.items():
        kind, _, rest = name.partition(".")
        if kind == "row":
            rows.append(_row_rule(rest, text, place))
        else:
            fields.append(_field_rule(rest, text, place))
    return Rules(tuple(rows), tuple(fields), frozenset(keys))


def _row_rule(name: str, text: str, place: str) -> RowRule:
    verb, dot, who = name.partition(".")
    return RowRule(who, (verb,), text, place) if dot and verb in VERBS else RowRule(name, VERBS, text, place)


def _field_rule(name: str, text: str, place: str) -> FieldRule:
    field_name, _, verb = name.rpartition(".")
    is_rule = bool(text.split()) and all(is_word(word) for word in text.split())
    return FieldRule(field_name, verb, text, place, Rule(text) if is_rule else None)


def condition_of(bound: BoundResource, bounds: Values, rule: RowRule) -> tuple[Condition | None, Mapping[str, Any]]:
    """Return the condition of *rule* and its operands, `Variable` among them.

    Raises: ValueError: it cannot be read; the text says why.
    """
    faults: list[FieldError] = []
    # A rule may name any field, also one that no client filters by.
    unlimited = BoundResource(replace(bound.resource, filters=None, embed=None), bound.schema, bound.registry, bound.has_regex)
    condition, values = read_condition(unlimited, bounds, rule.text, faults=faults)
    if faults:
        raise ValueError(" ".join(fault.detail for fault in faults))
    return condition, values


def access_mistakes(assembly: Assembly) -> Iterable[Mistake]:
    """Yield a mistake for every rule about rows or fields that cannot be read."""
    registry = assembly.config.registry
    for bound in registry.resources.values():
        rules: Rules = registry.access.rules[bound.name]
        yield from _row_mistakes(bound, registry.resource_bounds, rules)
        for rule in rules.fields:
            if rule.name not in bound.fields:
                yield Mistake(rule.place, f"there is no field {rule.name}{nearest(rule.name, bound.fields)}")
            elif rule.verb not in VERBS:
                yield Mistake(rule.place, "ends in .read or .write")
            elif rule.name == bound.key.name and rule.verb == "read":
                yield Mistake(rule.place, "the key of a resource cannot be hidden")
            elif rule.rule is None:
                yield Mistake(rule.place, f"{rule.text!r} is no rule; expected {RULE_WORDS}")
        yield from _column_mistakes(bound)


def _row_mistakes(bound: BoundResource, bounds: Values, rules: Rules) -> Iterator[Mistake]:
    for rule in rules.rows:
        if not rule.who or "." in rule.who:
            yield Mistake(rule.place, "is row.<role>, row.read.<role> or row.write.<role>")
        elif rule.text not in (EVERY_ROW, NO_ROW):
            try:
                condition_of(bound, bounds, rule)
            except ValueError as exc:
                yield Mistake(rule.place, str(exc))


def _column_mistakes(bound: BoundResource) -> Iterator[Mistake]:
    resource, columns = bound.resource, bound.table.columns
    for name in (*resource.stamps, *([resource.tenant] if resource.tenant else [])):
        if name not in columns:
            yield Mistake(f"resource {resource.name}", f"its model has no column {name}{nearest(name, columns.keys())}")
    for name, text in resource.stamps.items():
        if Variable.read(text) is None:
            yield Mistake(f"resource {resource.name}", f"stamps: {name} is $user, $tenant or $claim.<name>, not {text!r}")
