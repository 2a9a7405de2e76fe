"""``benben audit``: verify the record of who did what, and keep a copy of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from benben.db.importers import Progress
    from benben.features.audit.verification import Verdict

BROKEN = 1


def verify_record(uri: str, progress: Progress, *, anchors: Mapping[int, str]) -> Verdict:
    """Verify the record in the database of an ini file.

    Raises: ConfigurationMistakes: of the ini, audit is off, or its tables are not there.
    """
    from benben.cli.application import require_plugin, working
    from benben.db.engine import lift_limits

    with working(uri, "audit") as assembly:
        require_plugin(assembly, "audit", "`benben audit`")
        from benben.features.audit.verification import count, verify

        with assembly.config.registry.engine.connect() as connection:
            lift_limits(connection)
            progress.start("entries", count(connection))
            return verify(connection, progress.advance, anchors=anchors)


def verify_file(path: str, progress: Progress, *, anchors: Mapping[int, str]) -> Verdict:
    """Verify an export. Raises: click.ClickException: it is none."""
    from benben.features.audit.verification import verify_export

    progress.start("entries", 0)
    with open(path, "rb") as file:
        try:
            return verify_export(file, progress.advance, anchors=anchors)
        except ValueError as exc:
            raise click.ClickException(f"{path}: {exc}") from exc


def export_record(uri: str, file: BinaryIO, progress: Progress, *, after: int = 0) -> int:
    """Write the entries behind the number *after* to *file*; see `verify_record`.

    Raises: click.ClickException: there is no such entry.
    """
    from benben.cli.application import require_plugin, working
    from benben.db.engine import lift_limits

    with working(uri, "audit") as assembly:
        require_plugin(assembly, "audit", "`benben audit`")
        from benben.features.audit.verification import export

        with assembly.config.registry.engine.connect() as connection:
            lift_limits(connection)
            progress.start("entries", 0)
            try:
                return export(connection, file, progress.advance, after=after)
            except ValueError as exc:
                raise click.ClickException(str(exc)) from exc


def read_anchors(_ctx: click.Context, _parameter: click.Parameter, words: Sequence[str]) -> dict[int, str]:
    """Return the hashes by the numbers of their entries.

    Raises: click.BadParameter: a word is not NUMBER:HASH.
    """
    found = {}
    for word in words:
        number, _, text = word.partition(":")
        if not number.isdigit() or len(text) != 64:
            raise click.BadParameter(f"{word!r} is not NUMBER:HASH, as `benben audit verify` prints it.")
        found[int(number)] = text.lower()
    return found


@click.group("audit")
def command() -> None:
    """Verify the record of who did what, and keep a copy of it.

    Each command takes INI, in which the plugin audit must be on.
    """


@command.command("verify")
@ini_argument
@json_option
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    metavar="NUMBER:HASH",
    callback=read_anchors,
    help="A hash that an entry must have, noted elsewhere before; may be given several times.",
)
@click.option("--file", "path", type=click.Path(exists=True, dir_okay=False), help="Verify this export in place of the database.")
@click.pass_context
def verify_command(ctx: click.Context, uri: str, as_json: bool, anchors: Mapping[int, str], path: str | None) -> None:
    """Find the first entry that was changed, removed or put in.

    Prints how many entries are right and the hash of the last: note it somewhere else, and give it
    back later by --anchor. Exits with 1 where an entry is not right.
    """
    from benben.cli.output import json_text
    from benben.cli.progress import shown_progress

    with shown_progress() as progress:
        found = verify_record(uri, progress, anchors=anchors) if path is None else verify_file(path, progress, anchors=anchors)
    if as_json:
        click.echo(json_text(found))
    else:
        _tell(found)
    if found.broken is not None:
        ctx.exit(BROKEN)


@command.command("export")
@ini_argument
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option("--after", default=0, metavar="NUMBER", help="Leave out the entries up to this one.")
def export_command(uri: str, file: str | None, after: int) -> None:
    """Write the entries to a file that can be verified by itself.

    Without FILE they go to stdout.
    """
    from benben.cli.progress import shown_progress

    with shown_progress() as progress:
        if file is None:
            export_record(uri, sys.stdout.buffer, progress, after=after)
            return
        with open(file, "xb") as target:
            number = export_record(uri, target, progress, after=after)
    click.echo(f"Exported {number} entries to {file}")


def _tell(found: Any) -> None:
    if found.broken is None:
        click.echo(f"{found.entries} entries, all as they were written. The last: {found.seq}:{found.hash}")
    else:
        click.echo(f"Entry {found.broken} {found.reason}. Those before it are right; the last: {found.seq}:{found.hash}")
