"""From an ini file to an application that a command can look at or work with."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import benben
from benben.cli.inifile import Ini, load_ini
from benben.kernel.assemble import Assembly, assemble
from benben.kernel.mistakes import ConfigurationMistakes, Mistake


def look(uri: str) -> Assembly:
    """Return the application of an ini file, not started: nothing is written anywhere.

    Raises: ConfigurationMistakes: every mistake of the ini, with file and line.
    """
    return build(load_ini(uri))


def build(ini: Ini) -> Assembly:
    """Return the application of *ini*, not started; see `look`."""
    with short_warnings(), located(ini):
        return assemble(ini.global_conf, ini.settings, foundations=benben.FOUNDATIONS)


@contextmanager
def connected(uri: str) -> Iterator[Assembly]:
    """Give the application of an ini file, not started, whose database may be asked; close it at the end."""
    assembly = look(uri)
    try:
        yield assembly
    finally:
        assembly.config.registry.engine.dispose()


@contextmanager
def working(uri: str, *tables_of: str) -> Iterator[Assembly]:
    """Give the application of an ini file, its tables ready, to change its data; close it at the end.

    Args:
        tables_of: plugins whose tables have to be there.

    Raises: ConfigurationMistakes: mistakes of the ini, or migrations that are pending.
    """
    with connected(uri) as assembly:
        start(assembly, *tables_of)
        yield assembly


def start(assembly: Assembly, *tables_of: str) -> None:
    """Do the part of a start that a command needs, and make sure of the tables of some plugins.

    What is generated is written, because a token must be signed with the key of the server, and
    migrations are applied where ``benben.migrate`` is ``auto``. The start functions of plugins
    are not run: threads, first users and whatever else they make is for who serves.

    Raises: ConfigurationMistakes: there are pending migrations, and applying them is manual.
    """
    from benben.db.migrate import statuses

    registry = assembly.config.registry
    assembly.source.write_generated()
    registry.migrate(registry)
    found = statuses(registry)
    pending = [status.plugin for status in found if status.plugin in tables_of and status.pending]
    if pending:
        text = "has pending migrations; `benben db INI upgrade` applies them"
        raise ConfigurationMistakes([Mistake(f"plugin.{name}", text) for name in pending])


def require_plugin(assembly: Assembly, name: str, what: str) -> None:
    """Raise ConfigurationMistakes unless the plugin called *name*, which *what* needs, is on."""
    if name not in assembly.manifests:
        raise ConfigurationMistakes([Mistake(f"plugin.{name}", f"is off, and {what} needs it")])


@contextmanager
def located(ini: Ini) -> Iterator[None]:
    """Say of every mistake that is raised inside where in *ini* it stands."""
    try:
        yield
    except ConfigurationMistakes as exc:
        raise ini.located(exc) from exc


@contextmanager
def short_warnings() -> Iterator[None]:
    """Write warnings of the assembly as one line to stderr, where logging is not configured."""
    root = logging.getLogger()
    if root.handlers:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class OneLine(logging.Formatter):
    """A record without the traceback that belongs to it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return f"{record.levelname.lower()}: {' '.join(record.getMessage().split())}"
