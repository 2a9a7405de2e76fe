"""How far the tables of each plugin are, read without Alembic.

PERF: loading Alembic takes a tenth of a start and seven megabytes, and nearly every start finds
nothing to migrate. A folder of scripts that is a plain line is read as text here; anything else
(branches, merges, names that code makes up, a revision that nobody knows) is Alembic's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Connection, inspect, text

REVISION = re.compile(r"""^revision(?::[^=\n]+)?\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
DOWN_REVISION = re.compile(r"""^down_revision(?::[^=\n]+)?\s*=\s*(?:None|["']([^"'\n]+)["'])\s*(?:#.*)?$""", re.MULTILINE)
TIES = re.compile(r"^(?:depends_on|branch_labels)(?::[^=\n]+)?\s*=(?!\s*None\b)", re.MULTILINE)


def version_table(plugin: str) -> str:
    """Return the name of the version table of *plugin*."""
    return f"alembic_version_{plugin}"


def line_of(folder: Path) -> tuple[str, ...]:
    """Return the revisions of the scripts in *folder*, oldest first; empty where they are no plain line."""
    after: dict[str, str] = {}
    scripts = [path for path in folder.glob("*.py") if not path.name.startswith(("_", "."))]
    for script in scripts:
        source = script.read_text(encoding="utf-8")
        revision, down = REVISION.search(source), DOWN_REVISION.search(source)
        if revision is None or down is None or TIES.search(source):
            return ()
        after[down[1] or ""] = revision[1]
    line, at = [], ""
    while at in after:
        at = after.pop(at)
        line.append(at)
    return tuple(line) if len(line) == len(scripts) else ()


def current_revisions(connection: Connection, plugins: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return what the version table of each of *plugins* holds, in two statements for all of them."""
    tables = {name: version_table(name) for name in plugins}
    existing = set(inspect(connection).get_table_names())
    quote = connection.dialect.identifier_preparer.quote
    selects = [
        f"SELECT {place} AS place, version_num FROM {quote(table)}"
        for place, table in enumerate(tables.values())
        if table in existing
    ]
    found: dict[str, tuple[str, ...]] = dict.fromkeys(tables, ())
    names = list(tables)
    for place, revision in connection.execute(text(" UNION ALL ".join(selects))) if selects else ():
        found[names[place]] += (revision,)
    return found
