"""Which plugins an ini switches on, what they say of themselves, and in which order they go."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points, version
from types import ModuleType

import colander
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from benben.kernel.mistakes import Mistake, nearest
from benben.kernel.plugin import Plugin
from benben.kernel.settings import Choice, Setting, Settings, Source, Switch, Text, read

ENTRY_POINT_GROUP = "benben.plugins"


class PluginSettings(Settings):
    """``plugin.<name>.*``: how the host treats one plugin."""

    prefix = "plugin.*"

    include = Setting(
        Text("a module or function that Pyramid can include"),
        name="include",
        default="",
        help="The dotted name of a plain Pyramid include that has no manifest.",
    )
    on_error = Setting(
        Choice("fail", "skip"), name="on_error", default="fail", help="Whether a plugin that cannot load stops the start."
    )
    permission = Setting(
        Text("public, authenticated, role:<name> or a permission"),
        name="permission",
        default="",
        help="The permission of the views of a plain include that name none.",
    )
    prefix_ = Setting(
        Text("a path"), name="prefix", default="", help="Where the routes of a plain include are mounted; the root if absent."
    )


@dataclass(slots=True)
class Selected:
    """A plugin that the ini switches on.

    Args:
        name: as in ``plugin.<name>``.
        target: what Pyramid includes, a dotted name.
        plain: it has no manifest.
        state: ``on``, ``skipped`` or ``replaced``.
        reason: why it is not included.
    """

    name: str
    target: str
    manifest: Plugin
    on_error: str = "fail"
    permission: str = ""
    prefix: str = ""
    plain: bool = False
    state: str = "on"
    reason: str = ""
    module: ModuleType | None = field(default=None, repr=False)

    @property
    def specification(self) -> str:
        """Return the include path of Pyramid, ``module:includeme``."""
        if ":" in self.target or self.module is None:
            return self.target
        return f"{self.module.__name__}:includeme"


def installed_plugins() -> dict[str, str]:
    """Return the names and modules of every installed plugin; nothing is imported."""
    return {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}


def read_switches(source: Source) -> tuple[dict[str, bool], list[Mistake]]:
    """Return ``plugin.<name>`` for each name that the ini has, and what is wrong with them."""
    switches: dict[str, bool] = {}
    mistakes = []
    for key in source.keys_under("plugin"):
        name, _, rest = key.removeprefix("plugin.").partition(".")
        if rest:
            continue
        try:
            switches[name] = Setting(Switch()).deserialize(source.resolve(key))
        except (colander.Invalid, LookupError):
            mistakes.append(Mistake(key, f"expected {Switch.expects}, not {source.texts[key][:60]!r}"))
            switches[name] = False
    for key in source.keys_under("plugin"):
        name, _, rest = key.removeprefix("plugin.").partition(".")
        if rest and name not in switches:
            mistakes.append(Mistake(key, f"is about a plugin that plugin.{name} = on|off does not mention"))
            switches[name] = False
    return switches, mistakes


def select(source: Source, switches: Mapping[str, bool], known: Mapping[str, str]) -> tuple[dict[str, Selected], list[Mistake]]:
    """Import the plugins that are on and read their manifests.

    Returns: the plugins in the order of their names, and every mistake.
    """
    selected, mistakes = {}, []
    for name, is_on in sorted(switches.items()):
        values, faults = read(PluginSettings, source, f"plugin.{name}")
        mistakes += faults
        if name not in known and not values["include"]:
            text = f"no installed plugin has this name{nearest(name, known)}; a plain include needs plugin.{name}.include"
            mistakes.append(Mistake(f"plugin.{name}", text))
        elif is_on:
            plugin = Selected(
                name, values["include"] or known[name], Plugin(name), values["on_error"], values["permission"], values["prefix"]
            )
            fault = load(plugin)
            if fault and plugin.on_error == "skip":
                plugin.state, plugin.reason = "skipped", fault.text
            elif fault:
                mistakes.append(fault)
                plugin.state = "failed"
            selected[name] = plugin
    return selected, mistakes


def load(plugin: Selected) -> Mistake | None:
    """Import *plugin* and read its manifest; return what went wrong."""
    key = f"plugin.{plugin.name}"
    dotted = plugin.target.partition(":")[0]
    try:
        plugin.module = _import_include(dotted)
    except (Exception, SystemExit) as exc:
        missing = isinstance(exc, ModuleNotFoundError) and exc.name and dotted.startswith(exc.name)
        text = f"there is no module {dotted}" if missing else f"cannot be imported: {type(exc).__name__}: {exc}"
        return Mistake(key, text, "" if missing else traceback.format_exc())
    manifest = getattr(plugin.module, "PLUGIN", None)
    plugin.plain = not isinstance(manifest, Plugin)
    if isinstance(manifest, Plugin):
        plugin.manifest = manifest
        return _host_mistake(key, manifest)
    return None


def _import_include(dotted: str) -> ModuleType:
    """Import *dotted*, or the module that holds the function of this name."""
    try:
        return importlib.import_module(dotted)
    except ModuleNotFoundError as exc:
        parent, _, name = dotted.rpartition(".")
        if not parent or exc.name != dotted:
            raise
        module = importlib.import_module(parent)
        if not hasattr(module, name):
            raise
        return module


def _host_mistake(key: str, manifest: Plugin) -> Mistake | None:
    try:
        fits = SpecifierSet(manifest.host).contains(version("benben"), prereleases=True)
    except InvalidSpecifier:
        return Mistake(key, f"its manifest names a host version that is none: {manifest.host!r}")
    return None if fits else Mistake(key, f"works with benben {manifest.host}, and this is {version('benben')}")


def order(plugins: Mapping[str, Selected]) -> tuple[list[Selected], list[Mistake]]:
    """Return the plugins so that each follows what it requires; alphabetical where free.

    What is replaced is left out: the plugin that replaces it stands for it.
    """
    alive = {name: plugin for name, plugin in plugins.items() if plugin.state == "on"}
    stands_for = {old: plugin.name for plugin in alive.values() for old in plugin.manifest.replaces}
    mistakes = _missing_requirements(alive, stands_for, plugins)
    graph: dict[str, list[str]] = {}
    for name, plugin in alive.items():
        if name in stands_for:
            plugin.state, plugin.reason = "replaced", f"replaced by {stands_for[name]}"
            continue
        needs = {stands_for.get(need, need) for need in plugin.manifest.requires}
        graph[name] = sorted(need for need in needs if need in alive and need != name)
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as exc:
        return [], [*mistakes, Mistake(f"plugin.{exc.args[1][0]}", "requires itself through " + " -> ".join(exc.args[1]))]
    return [alive[name] for name in _drain(sorter)], mistakes


def lost_requirements(plugins: Sequence[Selected]) -> list[Mistake]:
    """Return a mistake for each plugin that is on and requires one that was skipped when it was included."""
    lost = {name: plugin for plugin in plugins if plugin.state == "skipped" for name in (plugin.name, *plugin.manifest.replaces)}
    return [
        Mistake(f"plugin.{plugin.name}", f"requires {need}, which could not be loaded: {lost[need].reason}")
        for plugin in plugins
        if plugin.state == "on"
        for need in plugin.manifest.requires
        if need in lost
    ]


def _missing_requirements(
    alive: Collection[str] | Mapping[str, Selected], stands_for: Mapping[str, str], plugins: Mapping[str, Selected]
) -> list[Mistake]:
    mistakes = []
    for name in sorted(alive):
        for need in plugins[name].manifest.requires:
            if need not in alive and need not in stands_for:
                found = plugins.get(need)
                text = f"could not be loaded: {found.reason}" if found and found.reason else "is off"
                if found and found.state == "failed":
                    continue
                mistakes.append(Mistake(f"plugin.{name}", f"requires {need}, which {text}"))
    return mistakes


def _drain(sorter: TopologicalSorter[str]) -> Iterable[str]:
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)
