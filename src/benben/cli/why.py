"""``benben why INI METHOD PATH``: who may do this, and which rule decides it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.security.identity import Identity

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision and how it was come to.

    Args:
        status: what the caller would be answered as far as access goes: 200, 401, 403 or 404.
        steps: what was looked at, in its order, each with what it said.
    """

    status: int
    steps: list[tuple[str, str]] = field(default_factory=list)


def explain_decision(assembly: Assembly, method: str, path: str, *, identity: Identity | None) -> Decision:
    """Return what *identity*, or a stranger, may do at *path*; nothing is changed.

    Whether a row is seen is asked of the database.
    """
    steps: list[tuple[str, str]] = [("caller", _caller(identity))]
    request = _request(assembly, method, path, identity)
    route = request.registry.getUtility(_routes_interface())(request)
    if route["route"] is None:
        return Decision(404, [*steps, ("route", f"none matches {path}")])
    request.matchdict, request.matched_route = route["match"], route["route"]
    found = _view(assembly, route["route"].name, method)
    if found is None:
        return Decision(405, [*steps, ("route", f"{route['route'].pattern} has no {method}")])
    steps.append(("route", f"{found.path}, {found.view}, of {found.plugin or 'the host'}"))
    status = 200
    for name, text, refused in _permission_steps(assembly, found.permission, identity):
        steps.append((name, text))
        status = refused or status
    if status == 200:
        for name, text, refused in _resource_steps(assembly, request, method, identity):
            steps.append((name, text))
            status = refused or status
    return Decision(status, steps)


def _permission_steps(assembly: Assembly, permission: str, identity: Identity | None) -> Iterator[tuple[str, str, int]]:
    """Yield what decides about *permission*, and the status of a refusal or 0."""
    if not permission:
        yield "permission", "none is asked for", 0
        return
    policy = assembly.config.registry.security
    rule, declared = policy.rule(permission), assembly.permissions.get(permission)
    changed = permission in assembly.rules
    text = assembly.rules[permission] if changed else declared.rule if declared else permission
    place = f"service.{permission.replace('.', '.permission.', 1)} in the ini" if changed else "as its plugin declares it"
    yield "permission", f"{permission} = {text} ({place})", 0
    if identity is None:
        yield (
            "decided by",
            "public" if rule.is_public else "nobody is known: the caller has to say who they are",
            0 if rule.is_public else 401,
        )
        return
    if not rule.is_public and not policy.is_in_scope(identity, permission):
        yield "decided by", f"the scopes of the credentials: {' '.join(sorted(identity.scopes or ()))}", 403
        return
    word = rule.deciding(identity)
    if word:
        yield "decided by", word, 0 if word != "nobody" else 403
        return
    roles = _granting_roles(policy, identity, permission)
    yield "decided by", roles or "no word of the rule fits, and no role of the caller has the permission", 0 if roles else 403


def _granting_roles(policy: Any, identity: Identity, permission: str) -> str:
    """Return the roles that give *permission*, and where they are defined."""
    grants = getattr(policy.grants, "__self__", None)
    if grants is None:
        return ""
    found = [role for role in sorted(identity.roles) if permission in grants.of_role(role)]
    return "; ".join(f"role {role} has it ({grants.source(role)})" for role in found)


def _resource_steps(assembly: Assembly, request: Any, method: str, identity: Identity | None) -> Iterator[tuple[str, str, int]]:
    """Yield what the rules about rows and fields say, where the address is of a resource."""
    registry = assembly.config.registry
    name = request.matched_route.name.removesuffix(".item")
    rules = registry.access.rules.get(name)
    if rules is None:
        return
    verb = "read" if method in ("GET", "HEAD") else "write"
    for rule in rules.rows_of(identity, verb) or ():
        yield "rows", f"{rule.place} = {rule.text}", 0
    if rules.rows:
        yield "rows in all", rules.words_of(identity, verb), 0
    for kind in ("read", "write"):
        hidden = sorted(rules.refused_fields(identity, kind))
        if hidden:
            yield f"fields not to {kind}", " ".join(hidden), 0
    if "key" in request.matchdict:
        yield _row_step(registry, request, name, verb)


def _row_step(registry: Any, request: Any, name: str, verb: str) -> tuple[str, str, int]:
    """Return whether the row of the address is there, and whether it is the caller's."""
    from benben.kernel.problems import NotFound

    key, parts = request.matchdict["key"], registry.access.parts(request, name)
    everything = registry.resource_parts[name]
    try:
        value = {"key": parts.reader.key(request)}
    except NotFound:
        return "row", f"{key} is no key of {name}", 404
    runner = registry.runner
    if not runner.read(request, everything.writer.changes.current(lock=False), value):
        return "row", f"there is no {key}", 404
    if not runner.read(request, parts.writer.changes.current(lock=False), value):
        return "row", f"{key} is there, and not among the rows of this caller", 404
    if verb == "write" and parts.writer.changes.is_guarded and not runner.read(request, parts.writer.changes.permitted, value):
        return "row", f"{key} may be seen and not be written", 403
    return "row", f"{key} is among the rows of this caller", 0


def _request(assembly: Assembly, method: str, path: str, identity: Identity | None) -> Any:
    """Return a request as the caller's would be, with who it is already known."""
    from benben.kernel.request import Request

    request = Request.blank(path, method=method)
    request.registry = assembly.config.registry
    request.environ["benben.identity"] = identity
    return request


def _view(assembly: Assembly, route: str, method: str) -> Any:
    """Return the row of ``benben routes`` that answers, None where no view does."""
    from benben.cli.routes import ANY, list_routes

    wanted = {method, ANY, "GET" if method == "HEAD" else method}
    return next((row for row in list_routes(assembly) if row.route == route and wanted.intersection(row.methods)), None)


def _routes_interface() -> Any:
    from pyramid.interfaces import IRoutesMapper

    return IRoutesMapper


def _caller(identity: Identity | None) -> str:
    if identity is None:
        return "a stranger"
    roles = f"roles {' '.join(sorted(identity.roles))}" if identity.roles else "no roles"
    scopes = "" if identity.scopes is None else f", scopes {' '.join(sorted(identity.scopes))}"
    return f"{identity.userid}, {roles}{scopes}"


def known_identity(
    assembly: Assembly, name: str, *, roles: tuple[str, ...], scopes: tuple[str, ...], claims: tuple[str, ...]
) -> Identity:
    """Return the identity that *name* would have.

    Args:
        roles: in place of those that the user has; needed where there is no such user.
        claims: as ``name=value``.
    Raises: click.ClickException: there is no such active user, and no roles are given.
    """
    from benben.security.identity import Identity

    if not roles:
        users = getattr(assembly.config.registry, "identity", None)
        account = users.find(name) if users is not None else None
        if account is None or not account.is_active:
            raise click.ClickException(f"there is no active user {name}; --role tries a role without a user")
        roles = tuple(account.roles)
    known = dict(claim.partition("=")[::2] for claim in claims)
    return Identity(name, frozenset(roles), "", frozenset(scopes) or None, known)


@click.command("why")
@ini_argument
@click.argument("method", type=click.Choice(METHODS, case_sensitive=False))
@click.argument("path")
@click.option("--as", "user", default="", metavar="USER", help="The caller, a user; a stranger if left out.")
@click.option("--role", "roles", multiple=True, help="A role of the caller, in place of those of the user; again for more.")
@click.option("--scope", "scopes", multiple=True, help="A scope of the credentials; again for more.")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="A claim of the credentials; again for more.")
@json_option
def command(uri: str, method: str, path: str, *, user: str, as_json: bool, **claimed: tuple[str, ...]) -> None:
    """Say whether a request would be let in, and which rule decides it.

    The path is with the prefix, /v1/books/7. Nothing is sent and nothing is changed; limits of
    the rate, preconditions and bodies are not looked at.
    """
    from benben.cli.application import connected
    from benben.cli.output import json_text, print_table

    with connected(uri) as assembly:
        identity = known_identity(assembly, user, **claimed) if user or claimed["roles"] else None
        decision = explain_decision(assembly, method.upper(), path, identity=identity)
    if as_json:
        click.echo(
            json_text({"status": decision.status, "steps": [{"step": name, "text": text} for name, text in decision.steps]})
        )
        return
    word = {200: "allowed", 401: "refused: 401", 403: "refused: 403"}.get(decision.status, f"not there: {decision.status}")
    print_table([*decision.steps, ("in the end", word)], ("step", "what it says"))
