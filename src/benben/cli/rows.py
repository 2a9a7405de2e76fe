"""Rows of a resource out to a file and in from one, by the code that serves them over HTTP."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from benben.db.importers import Progress
    from benben.kernel.assemble import Assembly
    from benben.resource.services import Parts

UNKNOWN = "Whether the rows are there is not known: the commit did not come back."


def export_rows(uri: str, name: str, file: BinaryIO, progress: Progress, *, query: str = "", form: str = "ndjson") -> int:
    """Write every row of the resource *name* that *query* matches, and return how many there are.

    Args: query: as in an address: filters, sort, fields, embed.
    Raises: ConfigurationMistakes: there is no such resource; InvalidInput: the query.
    """
    from benben.cli.application import connected

    with connected(uri) as assembly:
        registry = assembly.config.registry
        parts = find_resource(registry, name)
        found, statement = parts.reader.prepared(f"{query}&limit=all" if query else "limit=all")
        arguments = statement.arguments(found.values, {})
        counted = 0

        def batches() -> Iterator[list[str]]:
            nonlocal counted
            for batch in registry.exports.batches(statement, arguments, limit_s=registry.command_timeout_s):
                counted += len(batch)
                progress.advance(len(batch))
                yield batch

        progress.start(name, 0)
        columns = [item.name for item in found.shape.fields] + [embed.relation.name for embed in found.shape.embeds]
        for chunk in registry.formats.named(form).encode_rows(batches(), columns):
            file.write(chunk)
    return counted


def import_rows(uri: str, name: str, path: str, progress: Progress, *, merges: bool = False) -> int:
    """Insert the rows of the file *path* in one transaction and return how many there were.

    Raises: ConfigurationMistakes: there is no such resource or format; Problem: what a row breaks.
    """
    from benben.cli.application import connected

    with connected(uri) as assembly:
        return insert_rows(assembly, name, path, progress=progress, merges=merges)


def insert_rows(assembly: Assembly, name: str, path: str, *, progress: Progress, merges: bool = False) -> int:
    """Do what `import_rows` does with an application that is connected."""
    from benben.cli.application import start
    from benben.db.engine import lift_limits

    registry = assembly.config.registry
    parts = find_resource(registry, name)
    require_writable(parts)
    start(assembly, *assembly.manifests)
    progress.start(name, 0)
    total, is_read = 0, False
    try:
        with open(path, "rb") as file, transaction(registry) as request:
            lift_limits(request.dbsession.connection(), registry.command_timeout_s)
            rows = rows_of(registry, file, Path(path).suffix.removeprefix("."), parts)
            while batch := list(islice(rows, registry.resource_bounds.max_bulk)):
                total += _insert(parts, request, batch, total, merges=merges)
                progress.advance(len(batch))
            is_read = True
    except BaseException:
        # The commit is what may fail after the last row.
        known = f"Nothing was imported; {total} rows had been written and were taken back."
        click.echo(UNKNOWN if is_read else known, err=True)
        raise
    return total


def find_resource(registry: Any, name: str) -> Parts:
    """Return what serves the resource *name*. Raises: ConfigurationMistakes."""
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake, nearest

    parts: dict[str, Parts] = registry.resource_parts
    if name not in parts:
        raise ConfigurationMistakes(
            [Mistake(name, f"is no resource{nearest(name, parts)}; there is: {', '.join(sorted(parts))}")]
        )
    return parts[name]


def require_writable(parts: Parts) -> None:
    """Raise ConfigurationMistakes where nobody writes the rows of the resource."""
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake

    if parts.bound.resource.is_read_only:
        raise ConfigurationMistakes([Mistake(parts.bound.name, "is written by the server alone and takes no rows")])


def rows_of(registry: Any, file: BinaryIO, ending: str, parts: Parts) -> Iterator[Any]:
    """Return the rows of *file*, one at a time where its format allows. Raises: ConfigurationMistakes."""
    from benben.kernel.mistakes import ConfigurationMistakes, Mistake
    from benben.rest.formats.base import rows_in

    known = {item.name: item for item in registry.formats.all} | {"jsonl": registry.formats.named("ndjson")}
    if ending not in known:
        raise ConfigurationMistakes([Mistake(file.name, f"ends in none of: {', '.join(sorted(known))}")])
    form = known[ending]
    reader = getattr(form, "decode_rows", None)
    if reader is not None:
        return (row for _, row in reader(file, parts.bound.write_schema))
    return iter(rows_in(form.decode(file.read(), parts.bound.write_schema)))


@contextmanager
def whole_file(path: str) -> Iterator[BinaryIO]:
    """Give a file that takes the place of *path* when it is whole; until then, and after an error, that stays as it is."""
    target = Path(path)
    if target.exists() and not target.is_file():
        # A pipe or a device.
        with target.open("wb") as file:
            yield file
        return
    target = target.resolve()
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        click.echo(f"{path} is as it was before.", err=True)
        raise


@contextmanager
def transaction(registry: Any) -> Iterator[Any]:
    """Give a request of nobody inside a transaction, which is committed at the end."""
    from pyramid.interfaces import IRequestExtensions
    from pyramid.request import apply_request_extensions

    from benben.kernel.request import COMMAND, Request

    request: Any = Request.blank("/", method="POST", environ={COMMAND: "import"})
    request.registry = registry
    apply_request_extensions(request, extensions=registry.queryUtility(IRequestExtensions))
    request.tm.begin()
    request.environ.update({"tm.active": True, "tm.manager": request.tm})
    try:
        yield request
    except BaseException:
        request.tm.abort()
        raise
    request.tm.commit()


def _insert(parts: Parts, request: Any, batch: list[Any], before: int, *, merges: bool) -> int:
    """Insert one batch; a refusal says which rows of the file it is about."""
    from benben.kernel.problems import Problem

    try:
        return parts.bulk.insert(request, batch, merges=merges)
    except Problem as exc:
        faults = "; ".join(f"row {_moved(fault.pointer, before)}: {fault.detail}" for fault in exc.errors[:10])
        raise click.ClickException(f"{exc.title}: {faults or exc.detail}") from exc


def _moved(pointer: str, before: int) -> str:
    """Return the pointer into a batch as one into the file, its rows counted from 1."""
    place, _, rest = pointer.removeprefix("/").partition("/")
    return f"{before + int(place) + 1} {rest}".strip() if place.isdigit() else pointer


@click.command("export")
@ini_argument
@click.argument("name")
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option("--query", "-q", default="", help="Filters, sort, fields and embed, as in an address.")
@click.option("--format", "-f", "form", default="", help="ndjson, csv, json, msgpack or yaml; by default that of FILE's ending.")
def command(uri: str, name: str, file: str | None, query: str, form: str) -> None:
    """Write the rows of a resource to a file.

    NAME is that of the resource. Without FILE the rows go to stdout, as NDJSON.
    """
    from benben.cli.progress import shown_progress

    wanted = form or (Path(file).suffix.removeprefix(".") if file else "") or "ndjson"
    with shown_progress() as progress:
        if file is None:
            export_rows(uri, name, sys.stdout.buffer, progress, query=query, form=wanted)
            return
        with whole_file(file) as target:
            number = export_rows(uri, name, target, progress, query=query, form=wanted)
    click.echo(f"Exported {number} {name} to {file}")
