"""What an operation answers, printed: the formats are those of its endpoint, and a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from benben.cli.failures import one_line

if TYPE_CHECKING:
    from benben.operation import Operation

FORMATS = ("json", "table", "csv", "yaml")


def print_answers(answers: Iterator[Any], form: str, *, is_list: bool) -> None:
    """Print each answer: a line of JSON as it comes, or all of them in another format.

    Args: is_list: there may be any number of answers; if not, the one is printed as its endpoint sends it.
    """
    from benben.kernel.wire import write_json

    documents = (write_json(answer) for answer in answers if answer is not None)
    if form == "json":
        for document in documents:
            click.echo(document.decode())
        return
    found = list(documents)
    if not found and not is_list:
        return
    document = b"[" + b",".join(found) + b"]" if is_list else found[0]
    if form == "table":
        _print_table(document)
    else:
        click.echo(_encoded(document, form), nl=False)


def print_operations(listed: Iterable[Operation]) -> None:
    """Print the operations that there are, as a table."""
    from benben.cli.output import print_table

    rows = [(item.name, item.method, item.path, item.permission, item.summary) for item in listed]
    print_table(sorted(rows), ("operation", "method", "path", "permission", "summary"))


def _encoded(document: bytes, form: str) -> bytes:
    """Return JSON in another format, in the bytes of an endpoint."""
    if form == "csv":
        from benben.operation.endpoint import as_rows
        from benben.rest.formats.csv import CSVFormat

        return CSVFormat().encode(as_rows(document))
    from benben.features.yaml.services import YAMLFormat

    return YAMLFormat().encode(document)


def _print_table(document: bytes) -> None:
    import msgspec

    from benben.cli.output import print_table
    from benben.operation.endpoint import as_rows
    from benben.rest.formats.base import rows_in

    rows = rows_in(msgspec.json.decode(as_rows(document)))
    names = list(dict.fromkeys(name for row in rows for name in row))
    print_table([[_cell(row.get(name)) for name in names] for row in rows], names)


def _cell(value: Any) -> str:
    import msgspec

    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


def tell(problem: Any) -> Iterable[str]:
    """Yield the lines that tell a refusal, in the words of the endpoint."""
    yield one_line(f"{problem.title}{': ' + problem.detail if problem.detail else ''}")
    for fault in problem.errors:
        yield "  " + one_line(f"{fault.where} {fault.pointer or '(whole)'}: {fault.detail}")
    if "permission" in problem.members:
        yield f"  permission {problem.members['permission']}"
