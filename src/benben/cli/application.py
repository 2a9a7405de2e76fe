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
from benben.kernel.settings import read


def look(uri: str) -> Assembly:
    """Return the application of an ini file, not started: nothing is written anywhere.

    Raises: ConfigurationMistakes: every mistake of the ini, with file and line.
    """
    return build(load_ini(uri))


def build(ini: Ini) -> Assembly:
    """Return the application of *ini*, not started; see `look`."""
    with short_warnings(), located(ini):
        return assemble(ini.global_conf, ini.settings, foundations=benben.FOUNDATIONS)


def work(uri: str, *tables_of: str) -> Assembly:
    """Return the application of an ini file, ready to change its data.

    It is not started: no plugin runs a thread for the sake of one command. What a start would
    generate is written, so that the key that signs a token is the one the server reads.

    Args:
        tables_of: plugins whose tables have to be there; where ``benben.migrate`` is ``auto``
            they are made.

    Raises: ConfigurationMistakes: mistakes of the ini, or migrations that are pending.
    """
    assembly = look(uri)
    prepare(assembly, *tables_of)
    return assembly


def prepare(assembly: Assembly, *plugins: str) -> None:
    """Write what is generated, and apply what is pending for *plugins* where the start would.

    Raises: ConfigurationMistakes: there are pending migrations, and applying them is manual.
    """
    from benben.db.migrate import MigrateSettings, statuses, upgrade

    assembly.source.write_generated()
    registry = assembly.config.registry
    pending = [status.plugin for status in statuses(registry) if status.plugin in plugins and status.pending]
    if not pending:
        return
    if read(MigrateSettings, assembly.source)[0]["migrate"] == "auto":
        upgrade(registry)
        return
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
