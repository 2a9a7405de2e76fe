"""``benben plugins INI``: what is installed, what is on, and what each plugin adds."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from benben.kernel.assemble import Assembly
    from benben.kernel.discovery import Selected
    from benben.kernel.plugin import Plugin

HOST = "benben"


@dataclass(frozen=True, slots=True)
class PluginRow:
    """A plugin and how much it adds.

    Args:
        state: ``on``, ``off``, ``skipped`` or ``replaced``.
        version: its own, else that of its distribution.
        settings: how many it reads.
        tables: the tables of its models.
        note: why it is skipped or replaced.
    """

    name: str
    state: str
    version: str
    summary: str
    settings: int = 0
    routes: int = 0
    views: int = 0
    permissions: int = 0
    tables: tuple[str, ...] = ()
    note: str = ""


def list_plugins(assembly: Assembly) -> list[PluginRow]:
    """Return every plugin that is installed or named by the ini, in the order of the names.

    One that is off is known by its entry point alone; it is not imported.
    """
    from importlib.metadata import entry_points

    from benben.kernel.discovery import ENTRY_POINT_GROUP

    points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    counts = Counter((used.plugin, used.category) for used in assembly.contributions)
    rows = [_off(name, points.get(name)) for name in {*points, *assembly.switched_off} - set(assembly.plugins)]
    rows += [_selected(assembly, plugin, points.get(plugin.name), counts) for plugin in assembly.plugins.values()]
    return sorted(rows, key=lambda row: row.name)


def tables_of(manifest: Plugin) -> tuple[Any, ...]:
    """Return the tables of the models of an imported plugin, those it refers to first.

    They are found where a feature keeps them, in ``models`` beside its migrations.
    """
    module = manifest.migrations.partition(":")[0]
    models = sys.modules.get(f"{module}.models") if module else None
    found = {}
    for value in vars(models).values() if models else ():
        metadata = getattr(value, "metadata", None) if isinstance(value, type) else None
        # A model of another plugin may be imported there; the metadata tells whose it is.
        if metadata is not None and value.__module__.startswith(module):
            found.update({table.name: table for table in metadata.sorted_tables})
    return tuple(found.values())


def _selected(assembly: Assembly, plugin: Selected, point: EntryPoint | None, counts: Counter[tuple[str, str]]) -> PluginRow:
    manifest = plugin.manifest
    name = plugin.name
    # Those that its views ask for: a resource declares its own beside those of the manifest.
    permissions = {
        used.details.get("value") for used in assembly.contributions if (used.plugin, used.category) == (name, "permissions")
    }
    return PluginRow(
        name,
        plugin.state,
        manifest.version or _version(point, plugin),
        manifest.summary or _summary(point),
        settings=sum(len(schema().children) for schema in manifest.settings),
        routes=counts[name, "routes"],
        views=counts[name, "views"],
        permissions=len(permissions & set(assembly.permissions)),
        tables=tuple(table.name for table in tables_of(manifest)) if plugin.state == "on" else (),
        note=plugin.reason,
    )


def _off(name: str, point: EntryPoint | None) -> PluginRow:
    version = point.dist.version if point is not None and point.dist is not None else ""
    return PluginRow(name, "off", version, _summary(point))


def _version(point: EntryPoint | None, plugin: Selected) -> str:
    from importlib.metadata import packages_distributions, version

    if point is not None and point.dist is not None:
        return point.dist.version
    # A plain include: the distribution that installed its top-level package.
    names = packages_distributions().get(plugin.target.partition(":")[0].partition(".")[0], ())
    return version(names[0]) if names else ""


def _summary(point: EntryPoint | None) -> str:
    """Return what can be said of a plugin without importing it."""
    if point is None or point.dist is None:
        return ""
    if point.dist.name != HOST:
        return point.dist.metadata["Summary"] or ""
    return _docstring(point.value)


def _docstring(module: str) -> str:
    """Return the first sentence of a module of ours, read from its source."""
    import ast
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    documentation = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""
    return documentation.partition("\n\n")[0].replace("\n", " ")


@click.command("plugins")
@ini_argument
@json_option
def command(uri: str, as_json: bool) -> None:
    """List the plugins and what each of them adds.

    Every plugin that is installed is listed, those that are off too; these are not imported.
    """
    from benben.cli.application import look
    from benben.cli.output import print_rows

    columns = ("name", "state", "version", "summary", "settings", "routes", "views", "permissions", "tables", "note")
    rows = list_plugins(look(uri))
    print_rows(rows, columns if any(row.note for row in rows) else columns[:-1], as_json=as_json)
