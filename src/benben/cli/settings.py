"""``benben settings INI``: every setting, its value and where that comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from benben.kernel.assemble import Assembly
    from benben.kernel.settings import Setting

MASK = "***"
REFERENCES = ("$env:", "$file:", "$generate:")
# Where a name stands for any of many; listed only where they are set, or with --all.
MANY = ("plugin.", "service.")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One key.

    Args:
        value: as written, references unresolved; secrets are masked.
        origin: ``ini``, ``default``, ``required`` or the variable of the environment.
        expects: the type, in the words of an error message.
        unit: of the value, or empty.
        default: empty where the setting is required.
        plugin: who reads it; empty for a key of a plain include.
    """

    key: str
    value: str
    origin: str
    expects: str
    unit: str
    default: str
    help: str
    plugin: str


def list_settings(assembly: Assembly, *, include_all: bool = False) -> list[SettingRow]:
    """Return the settings of what is on, in the order of the keys.

    Args:
        include_all: also those of single plugins and services that nobody has set.
    """
    rows = {row.key: row for row in _rows(assembly)}
    return [row for key, row in sorted(rows.items()) if include_all or row.origin != "default" or not key.startswith(MANY)]


def _rows(assembly: Assembly) -> Iterator[SettingRow]:
    from benben.kernel.discovery import PluginSettings
    from benben.kernel.settings import Setting, Switch

    texts = assembly.source.texts
    for key in texts:
        yield _untyped(assembly, key)
    for name in sorted({*assembly.plugins, *assembly.switched_off}):
        switch = Setting(Switch(), default=False, help="Whether the plugin is on.")
        yield _row(assembly, f"plugin.{name}", switch, "benben")
        for node in PluginSettings().children:
            yield _row(assembly, f"plugin.{name}.{node.name}", node, "benben")
    for prefix, schema, owner in assembly.schemas:
        for node in schema().children:
            yield _row(assembly, f"{prefix}.{node.name}", node, owner)


def _row(assembly: Assembly, key: str, node: Setting, owner: str) -> SettingRow:
    default = "" if node.required else _text(node.missing)
    written = assembly.source.texts.get(key)
    return SettingRow(
        key,
        default if written is None else shown(written, is_secret=node.secret),
        assembly.source.origins.get(key, "default"),
        getattr(node.typ, "expects", type(node.typ).__name__.lower()),
        node.unit,
        default,
        node.help,
        owner,
    )


def _untyped(assembly: Assembly, key: str) -> SettingRow:
    from benben.observe.redact import is_secret_key

    text = shown(assembly.source.texts[key], is_secret=is_secret_key(key))
    return SettingRow(key, text, assembly.source.origins[key], "", "", "", "", "")


def shown(text: str, *, is_secret: bool) -> str:
    """Return *text* as it may be printed; a reference says where a secret is, not what."""
    from benben.observe.redact import redact_text

    if text.startswith(REFERENCES):
        return text
    return MASK if is_secret else redact_text(text)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(str(item) for item in value) if isinstance(value, (tuple, list)) else str(value)


@click.command("settings")
@ini_argument
@json_option
@click.option("--all", "include_all", is_flag=True, help="Also the keys of single plugins and services that are not set.")
def command(uri: str, as_json: bool, include_all: bool) -> None:
    """List the settings, their values and where they come from.

    Secrets are masked. A setting of a plugin that is off is not known here.
    """
    from benben.cli.application import look
    from benben.cli.output import print_rows

    columns = ("key", "value", "origin", "expects", "unit", "default", "help")
    print_rows(list_settings(look(uri), include_all=include_all), columns, as_json=as_json)
