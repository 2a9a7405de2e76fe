"""From the strings of an ini file to a configured application, or to all its mistakes.

The steps, in order: read the settings; select and order the plugins; include the
foundations and the plugins; look at what they registered; commit once. Nothing is written
before :meth:`Assembly.start`, so that ``benben check`` may run anywhere.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError
from pyramid.interfaces import IRoutesMapper

from benben.kernel import bands, failures
from benben.kernel.configurator import Configurator
from benben.kernel.contributions import Contribution, permission_mistakes, read_contributions, route_mistakes
from benben.kernel.discovery import Selected, installed_plugins, lost_requirements, order, read_switches, select
from benben.kernel.mapper import IndexedMapper
from benben.kernel.mistakes import ConfigurationMistakes, Mistake
from benben.kernel.plugin import Permission, Plugin
from benben.kernel.problems import CATALOGUE, Problem
from benben.kernel.request import Request
from benben.kernel.rollback import Container, Rollback
from benben.kernel.settings import Setting, Settings, Source, Text, Values, Whole, read, unknown_keys

log = logging.getLogger("benben.assembly")

# Owned by the host; a plain include never needs them, and some are secrets.
HOST_PREFIXES = ("benben", "plugin", "service", "sqlalchemy")
Check = Callable[["Assembly"], Iterable[Mistake]]


class HostSettings(Settings):
    """``benben.*``: the API as a whole."""

    prefix = "benben"

    prefix_ = Setting(Text("a path such as /v1"), name="prefix", default="/v1", help="Where the plugins' routes begin.")
    title = Setting(Text(), default="Benben API", help="The name of this API in its documents.")
    max_body_bytes = Setting(Whole(0, 10**12), default=10 * 2**20, unit="bytes", help="The largest request body that is read.")


class Assembly:
    """One application under construction and what is known of it afterwards.

    It is ``registry.assembly``; two of them in one process share nothing.

    Attributes:
        plugins: everything the ini switches on, by name, with its state.
        contributions: what each plugin registered.
        permissions: every declared permission, by name.
        problems: every problem that can be answered, by code.
        rules: rules of permissions that the ini has changed, by name of the permission.
        owners: include specification to the name of the plugin.
        switched_off: plugins that the ini names and leaves off.
        allowed: route name to the methods of its address, filled as 405 answers need it.
        mistakes: what is wrong so far.
        tracked: what the directives of plugins fill; a plugin that fails is taken out of it.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.plugins: dict[str, Selected] = {}
        self.contributions: list[Contribution] = []
        self.permissions: dict[str, Permission] = {}
        self.problems: dict[str, type[Problem]] = {problem.code: problem for problem in CATALOGUE}
        self.mistakes: list[Mistake] = []
        self.schemas: list[tuple[str, type[Settings], str]] = []
        self.bands: dict[str, list[bands.Wrap]] = {}
        self.default_permissions: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.rules: dict[str, str] = {}
        self.switched_off: frozenset[str] = frozenset()
        self.allowed: dict[str, tuple[str, ...]] = {}
        self.manifests: dict[str, Plugin] = {}
        self.checks: list[Check] = []
        self.starts: list[Callable[[Any], None]] = []
        self.stops: list[Callable[[Any], None]] = []
        self.tracked: list[Container] = [
            self.problems,
            self.permissions,
            self.schemas,
            self.bands,
            self.rules,
            self.manifests,
            self.checks,
            self.starts,
            self.stops,
            self.default_permissions,
            self.owners,
            source.generated,
        ]
        self.settings = self.read((HostSettings,), owner="benben")
        self.config: Configurator

    def read(self, schemas: Sequence[type[Settings]], *, owner: str, name: str = "") -> Values:
        """Return the values of *schemas*; what is wrong with them is kept for the report.

        Args:
            name: replaces the ``*`` in the prefix of a schema.
        """
        merged: dict[str, Any] = {}
        for schema in schemas:
            prefix = schema.prefix.replace("*", name)
            values, mistakes = read(schema, self.source, prefix)
            self.mistakes += mistakes
            self.schemas.append((prefix, schema, owner))
            merged.update(values)
        return Values(merged)

    def start(self) -> None:
        """Write what is generated, then run the start functions in the order of inclusion.

        A start function may touch files and the database; it gets the registry.
        """
        self.source.write_generated()
        for function in self.starts:
            function(self.config.registry)

    def stop(self) -> None:
        """Run the stop functions in the opposite order; one that fails is logged and keeps none from running."""
        while self.stops:
            function = self.stops.pop()
            try:
                function(self.config.registry)
            except Exception:
                log.exception("%s failed at the end", getattr(function, "__qualname__", function))

    def known_keys(self) -> list[str]:
        """Return every full key that a schema of this application reads."""
        return [f"{prefix}.{node.name}" for prefix, schema, _ in self.schemas for node in schema().children]


def assemble(
    global_config: Mapping[str, str],
    ini: Mapping[str, str],
    *,
    foundations: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    known: Mapping[str, str] | None = None,
) -> Assembly:
    """Return a committed application that has not been started.

    Args:
        global_config: PasteDeploy's, of which ``here`` is used.
        foundations: modules that are always included, in this order, before the plugins.
        environ: where ``BENBEN_...`` and ``$env:`` are looked up, by default the process's.
        known: installed plugins, name to module, by default those of the entry points.

    Raises: ConfigurationMistakes: every mistake at once; nothing has been written.
    """
    source = Source(ini, global_config.get("here", os.getcwd()), os.environ if environ is None else environ)
    known = installed_plugins() if known is None else known
    assembly = Assembly(source)
    switches, mistakes = read_switches(source)
    assembly.mistakes += mistakes
    assembly.plugins, mistakes = select(source, switches, known)
    assembly.mistakes += mistakes
    assembly.switched_off = frozenset(switches) - frozenset(assembly.plugins)
    sequence, mistakes = order(assembly.plugins)
    assembly.mistakes += mistakes
    configure(assembly, foundations, sequence)
    inspect(assembly)
    if not assembly.mistakes:
        commit(assembly)
    if assembly.mistakes:
        raise ConfigurationMistakes(assembly.mistakes)
    return assembly


def configure(assembly: Assembly, foundations: Sequence[str], plugins: Sequence[Selected]) -> None:
    """Include everything; a plugin that fails leaves nothing behind."""
    private = tuple(f"{name}." for name in (*HOST_PREFIXES, *assembly.plugins))
    visible = {
        key: text for key, text in assembly.source.texts.items() if not key.startswith(private) or _is_plain(assembly, key)
    }
    # Cornice would register catch-all exception views that collide with everybody else's.
    visible["handle_exceptions"] = "false"
    config = assembly.config = Configurator(settings=visible, request_factory=Request)
    config.registry.assembly = assembly
    config.registry.registerUtility(IndexedMapper(), IRoutesMapper)
    for name, directive in DIRECTIVES.items():
        config.add_directive(name, directive)
    config.include("pyramid_retry")
    config.include(failures.register_failures)
    for dotted in foundations:
        config.include(dotted, route_prefix=None)
    assembly.tracked += _registered(config)
    for plugin in plugins:
        include(assembly, plugin)
    assembly.mistakes += lost_requirements(plugins)
    bands.register_bands(config)


def include(assembly: Assembly, plugin: Selected) -> None:
    """Include one plugin, or take back what it did before it failed."""
    config = assembly.config
    prefix = assembly.settings.prefix if not (plugin.plain or plugin.manifest.outside) else plugin.prefix
    directives = dict(config.registry._directives)
    before, mistakes = Rollback([*assembly.tracked, assembly.tracked]), len(assembly.mistakes)
    assembly.default_permissions[plugin.specification] = plugin.permission
    assembly.owners[plugin.specification] = plugin.name
    try:
        config.include(plugin.target, route_prefix=prefix.strip("/") or None)
    except (Exception, SystemExit) as exc:
        # SECURITY: half a plugin is worse than none; Pyramid keeps what was registered so far.
        before.restore()
        plugin.reason = f"cannot be included: {type(exc).__name__}: {exc}"
        if plugin.on_error == "skip":
            plugin.state = "skipped"
            del assembly.mistakes[mistakes:]
            log.warning("plugin %s is skipped: %s", plugin.name, plugin.reason, exc_info=exc)
        else:
            plugin.state = "failed"
            assembly.mistakes.append(Mistake(f"plugin.{plugin.name}", plugin.reason, traceback.format_exc()))
        return
    assembly.mistakes += _taken_directives(plugin, directives, config.registry._directives)


def inspect(assembly: Assembly) -> None:
    """Look at what the plugins registered and at keys that nobody reads."""
    assembly.contributions = read_contributions(assembly.config.action_state.actions, assembly.owners)
    assembly.mistakes += route_mistakes(assembly.contributions)
    assembly.mistakes += permission_mistakes(assembly.contributions)
    for check in assembly.checks:
        assembly.mistakes += check(assembly)
    known = assembly.known_keys()
    ours = [name for name, plugin in assembly.plugins.items() if plugin.state == "on" and not plugin.plain]
    for prefix in (*ours, "benben", "sqlalchemy"):
        assembly.mistakes += unknown_keys(assembly.source, known, prefix)
    assembly.mistakes += _unknown_plugin_keys(assembly)


def commit(assembly: Assembly) -> None:
    """Run the pending actions, the only time."""
    try:
        assembly.config.commit()
    except ConfigurationConflictError as exc:
        assembly.mistakes.append(Mistake("conflict", str(exc)))
    except ConfigurationExecutionError as exc:
        text = f"{exc.etype.__name__}: {exc.evalue}"
        assembly.mistakes.append(Mistake(str(exc.info).strip() or "commit", text, traceback.format_exc()))


def add_plugin(config: Any, manifest: Plugin) -> Values:
    """Declare *manifest* and return its settings, parsed and frozen.

    The directive of an ``includeme``; it is all a plugin needs to do to be typed, listed
    and documented.
    """
    assembly: Assembly = config.registry.assembly
    assembly.manifests[manifest.name] = manifest
    for permission in manifest.permissions:
        declare_permission(config, permission)
    for problem in manifest.problems:
        other = assembly.problems.setdefault(problem.code, problem)
        if other is not problem:
            text = f"is the code of {other.__module__}.{other.__name__} and of {problem.__module__}.{problem.__name__}"
            assembly.mistakes.append(Mistake(f"problem {problem.code}", text))
    return assembly.read(manifest.settings, owner=manifest.name)


def declare_permission(config: Any, permission: Permission) -> None:
    """Declare a permission; the same name with another meaning is a mistake."""
    assembly: Assembly = config.registry.assembly
    if assembly.permissions.setdefault(permission.name, permission) != permission:
        assembly.mistakes.append(Mistake(f"permission {permission.name}", "is declared twice, differently"))


def add_check(config: Any, check: Check) -> None:
    """Run *check* over the assembly before the commit; it yields mistakes."""
    config.registry.assembly.checks.append(check)


def add_start(config: Any, function: Callable[[Any], None]) -> None:
    """Run *function* with the registry when the application starts, never for a check."""
    config.registry.assembly.starts.append(function)


def add_stop(config: Any, function: Callable[[Any], None]) -> None:
    """Run *function* with the registry once the last request is answered."""
    config.registry.assembly.stops.append(function)


DIRECTIVES: Mapping[str, Callable[..., Any]] = {
    "add_plugin": add_plugin,
    "declare_permission": declare_permission,
    "add_check": add_check,
    "add_start": add_start,
    "add_stop": add_stop,
    "add_band_tween": bands.add_band_tween,
}


def _registered(config: Configurator) -> list[Container]:
    """Return what Pyramid keeps before the commit, and the attributes and keys of the registry."""
    state, registry = config.action_state, config.registry
    return [state.actions, state._seen_files, registry, vars(registry), registry._directives]


def _is_plain(assembly: Assembly, key: str) -> bool:
    plugin = assembly.plugins.get(key.partition(".")[0])
    return plugin is not None and plugin.plain


def _taken_directives(plugin: Selected, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Mistake]:
    """Return a mistake for each directive that *plugin* took from somebody; Pyramid says nothing."""
    mistakes = []
    for name, entry in before.items():
        if after[name][0] is not entry[0]:
            places = " and ".join(_code_place(item[0]) for item in (entry, after[name]))
            mistakes.append(Mistake(f"directive {name}", f"is taken again by plugin {plugin.name}: {places}"))
    return mistakes


def _code_place(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def _unknown_plugin_keys(assembly: Assembly) -> list[Mistake]:
    names = {key.removeprefix("plugin.").partition(".")[0] for key in assembly.source.keys_under("plugin")}
    ends = ("", ".include", ".on_error", ".permission", ".prefix")
    return unknown_keys(assembly.source, [f"plugin.{name}{end}" for name in names for end in ends], "plugin")
