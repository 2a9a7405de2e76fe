"""``benben routes INI``: every address, what answers there and who may ask."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly

ANY = "*"
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One view at one address.

    Args:
        methods: as declared; GET answers HEAD too, ``*`` is any method.
        path: with the prefix and ``{placeholders}``.
        view: ``module:name``; empty for a route without a view.
        schema: of the body, ``module:Class``.
        permission: empty where none is asked for.
        rule: who has the permission.
    """

    methods: tuple[str, ...]
    path: str
    view: str
    plugin: str
    schema: str
    permission: str
    rule: str
    route: str


@dataclass(frozen=True, slots=True)
class TweenRow:
    """One tween, or one part of a band, from the server inwards."""

    tween: str
    band: str
    wraps: tuple[str, ...]


def list_routes(assembly: Assembly) -> list[RouteRow]:
    """Return what answers at each address, in the order of the paths.

    The answers to OPTIONS, which every service has, are left out.
    """
    introspector = assembly.config.registry.introspector
    routes = {item["introspectable"]["name"]: item["introspectable"] for item in introspector.get_category("routes", ())}
    endpoints = {(item.route, item.method): item for item in assembly.config.registry.services.endpoints}
    owners = _owners(assembly)
    rows = []
    for item in introspector.get_category("views", ()):
        view, route = item["introspectable"], item["introspectable"]["route_name"]
        methods, name = _methods(view["request_methods"]), name_of(view["callable"])
        if route not in routes or (methods == ("OPTIONS",) and name.startswith("benben.rest.service:")):
            continue
        known = [endpoints[route, method] for method in methods if (route, method) in endpoints]
        schema = schema_name(known[0].schema) if known else ""
        plugin = owners.get((route, methods), owners[route])
        permission, rule = _permission(assembly, item["related"])
        rows.append(RouteRow(methods or (ANY,), path_of(routes[route]), name, plugin, schema, permission, rule, route))
    for name in routes.keys() - {row.route for row in rows}:
        rows.append(RouteRow((), path_of(routes[name]), "", owners.get(name, ""), "", "", "", name))
    return sorted(rows, key=lambda row: (row.path, row.methods))


def list_tweens(assembly: Assembly) -> list[TweenRow]:
    """Return what stands around every view, the outermost first."""
    from pyramid.interfaces import ITweens

    tweens = assembly.config.registry.queryUtility(ITweens)
    rows = []
    for name, _ in tweens.explicit or tweens.implicit():
        band = name.removeprefix("benben.kernel.bands.").removesuffix("_tween_factory")
        wraps = assembly.bands.get(band, ()) if name.startswith("benben.kernel.bands.") else ()
        rows.append(TweenRow(name, band if wraps else "", tuple(name_of(wrap) for wrap in wraps)))
    return rows


def name_of(function: Any) -> str:
    """Return ``module:name`` of what is called in the end, decorators and chains taken off."""
    function = inspect.unwrap(function)
    function = getattr(function, "func", function)
    if not hasattr(function, "__qualname__"):
        function = type(function)
    return f"{function.__module__}:{function.__qualname__}"


def schema_name(schema: Any) -> str:
    """Return ``module:Class`` of a schema or of an instance of it."""
    if schema is None:
        return ""
    kind = schema if isinstance(schema, type) else type(schema)
    return f"{kind.__module__}:{kind.__qualname__}"


def path_of(route: Any) -> str:
    """Return the pattern of a route as it stands behind the host; an absolute URL as it is."""
    pattern: str = route["pattern"]
    return pattern if "://" in pattern else "/" + pattern.lstrip("/")


def _owners(assembly: Assembly) -> dict[Any, str]:
    """Return the plugin of each view by route and methods, and of each route by its name."""
    owners: dict[Any, str] = {}
    for used in assembly.contributions:
        if used.category == "routes":
            owners[used.details["name"]] = used.plugin
        elif used.category == "views":
            owners[used.details["route_name"], _methods(used.details["request_methods"])] = used.plugin
    return owners


def _methods(declared: Any) -> tuple[str, ...]:
    return (declared,) if isinstance(declared, str) else tuple(sorted(declared or ()))


def _permission(assembly: Assembly, related: Any) -> tuple[str, str]:
    from pyramid.security import NO_PERMISSION_REQUIRED

    for other in related:
        if other.category_name == "permissions" and other["value"] != NO_PERMISSION_REQUIRED:
            name = other["value"]
            declared = assembly.permissions.get(name)
            return name, assembly.rules.get(name) or (declared.rule if declared else name)
    return "", PUBLIC


def _show_cost(uri: str, settings: Iterable[str], *, as_json: bool, **measured: Any) -> None:
    from benben.cli.cost import measure
    from benben.cli.inifile import load_ini
    from benben.cli.output import print_rows
    from benben.cli.progress import shown_progress

    ini = load_ini(uri)
    changed = dict(word.partition("=")[::2] for word in settings)
    with shown_progress() as progress:
        rows = measure(replace(ini, settings={**ini.settings, **changed}), progress, **measured)
    print_rows(rows, ("plugin", "item", "list", "create", "along", "note"), as_json=as_json)


@click.command("routes")
@ini_argument
@json_option
@click.option("--tweens", is_flag=True, help="List what stands around every view, in place of the routes.")
@click.option("--cost", is_flag=True, help="Measure what each plugin adds to a request, in place of the routes.")
@click.option("--resource", default="", metavar="NAME", help="With --cost: whose requests are measured.")
@click.option(
    "--plugin", "plugins", multiple=True, metavar="NAME", help="With --cost: only this one; may be given several times."
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="With --cost: a setting in place of that of the ini.")
@click.option("--rounds", default=20, type=click.IntRange(1, 1000), help="With --cost: how often the applications take turns.")
def command(uri: str, as_json: bool, tweens: bool, cost: bool, settings: tuple[str, ...], **measured: Any) -> None:
    """List the addresses and who may use them.

    An address that answers GET answers HEAD too, and every service answers OPTIONS; these are
    not listed. With --tweens: the tweens and the bands, the outermost first.

    With --cost: how many microseconds each plugin adds to a request, on databases that are made for
    it and dropped; a difference below the spread is none.
    """
    if cost:
        _show_cost(uri, settings, as_json=as_json, **measured)
        return
    from benben.cli.application import look
    from benben.cli.output import print_rows

    assembly = look(uri)
    if tweens:
        print_rows(list_tweens(assembly), ("tween", "band", "wraps"), as_json=as_json)
        return
    columns = ("methods", "path", "view", "plugin", "schema", "permission", "rule")
    print_rows(list_routes(assembly), columns, as_json=as_json)
