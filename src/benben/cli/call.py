"""``benben call INI NAME``: run an operation, with the judgement and the permission of its endpoint."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from benben.kernel.assemble import Assembly
    from benben.operation import Operation
    from benben.security.identity import Identity

FORMATS = ("json", "table", "csv", "yaml")
NOT_PERMITTED = 13
BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "pattern")


def call_operation(
    assembly: Assembly, operation: Operation, texts: Mapping[str, Any], *, identity: Identity | None
) -> Iterator[Any]:
    """Yield what *operation* answers to *texts*: one value, or each of a stream.

    Raises: InvalidInput, Problem: as its endpoint would; Forbidden, Unauthenticated.
    """
    from benben.operation.providers import Scope

    require(assembly, operation, identity)
    values = operation.values_of_texts(texts)
    with Scope(assembly.config.registry, identity=identity) as scope:
        result = operation.call(scope, values)
        yield from result if operation.is_stream else [result]


def require(assembly: Assembly, operation: Operation, identity: Identity | None) -> None:
    """Refuse a caller who may not.

    Raises: Unauthenticated, Forbidden.
    """
    from benben.kernel.problems import Forbidden, Unauthenticated

    policy = assembly.config.registry.security
    if policy.allows(identity, operation.permission):
        return
    if identity is None:
        raise Unauthenticated("This needs a caller; --as names one.")
    raise Forbidden(f"This needs the permission {operation.permission}.")


def command_of(operation: Operation) -> click.Command:
    """Return the command line of *operation*: placeholders as arguments, everything else as options."""
    from benben.rest import nodes

    listed: list[click.Parameter] = []
    for item in operation.parameters:
        if item.source == "path":
            listed.append(click.Argument([item.name]))
        elif item.source == "whole" and item.node is not None and isinstance(item.node.typ, nodes.Object):
            listed += [_option(child.name, child, _is_needed(child)) for child in item.node.children]
        else:
            listed.append(_option(item.name, item.node, not item.has_default))
    text = "\n\n".join(
        filter(None, [operation.__doc__, f"{operation.method} {operation.path}; permission {operation.permission}."])
    )
    return click.Command(operation.name, params=listed, callback=lambda **given: given, help=text)


def texts_of(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a command line gave by the names of the parameters."""
    texts: dict[str, Any] = {}
    for item in operation.parameters:
        if item.source == "whole" and item.node is not None and item.node.children:
            texts[item.name] = Members({child.name: _given(given, child.name) for child in item.node.children})
        elif _given(given, item.name) is not None:
            texts[item.name] = _given(given, item.name)
    return texts


class Members(dict[str, Any]):
    """Texts of the members of an object, beside each other."""


def _given(given: Mapping[str, Any], name: str) -> Any:
    value = given.get(name.lower().replace("-", "_"))
    return None if value in (None, ()) else list(value) if isinstance(value, tuple) else value


def _option(name: str, node: Any, is_needed: bool) -> click.Option:
    from benben.rest import nodes
    from benben.rest.jsonschema import schema_of

    is_list = isinstance(node.typ, nodes.List)
    shown = schema_of(node.children[0] if is_list else node, "write")
    kind = shown.get("format") or shown.get("type", "json")
    kind = " or ".join(kind) if isinstance(kind, list) else str(kind)
    words = "|".join(map(str, shown["enum"])) if "enum" in shown else kind
    bounds = ", ".join(f"{word} {shown[word]}" for word in BOUNDS if word in shown)
    default = "" if shown.get("default") is None else f"default {json.dumps(shown['default'], ensure_ascii=False)}"
    text = "; ".join(filter(None, [node.help, bounds, default, "required" if is_needed else ""]))
    return click.Option(
        [f"--{name.replace('_', '-')}", name.lower().replace("-", "_")], metavar=words.upper(), help=text, multiple=is_list
    )


def _is_needed(node: Any) -> bool:
    import colander

    return bool(node.missing is colander.required)


def complete_name(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the operations of the ini whose names begin with *incomplete*, for the shell."""
    from click.shell_completion import CompletionItem

    from benben.cli.application import look

    try:
        operations = look(ctx.params["uri"]).config.registry.operations
    except Exception:
        # A shell that completes has no place for a mistake of the ini; the command itself tells it.
        return []
    return [CompletionItem(name, help=item.summary) for name, item in operations.items() if name.startswith(incomplete)]


class CallCommand(click.Command):
    """Takes the name of an operation, then what that operation takes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave what stands behind the name to the operation; its --help is not ours."""
        if args[:1] in (["-h"], ["--help"]):
            click.echo(ctx.get_help())
            ctx.exit()
        ctx.ignore_unknown_options = True
        ctx.allow_extra_args = True
        ctx.allow_interspersed_args = True
        return super().parse_args(ctx, args)


@click.command("call", cls=CallCommand, add_help_option=False)
@ini_argument
@click.argument("name", required=False, shell_complete=complete_name)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--as", "user", default="", metavar="USER", help="The caller, a user; nobody if left out.")
@click.option("--output", "form", type=click.Choice(FORMATS), default="json", help="How the answer is printed.")
def command(uri: str, name: str | None, arguments: tuple[str, ...], user: str, form: str) -> None:
    """Run an operation, as its endpoint does.

    Without a name the operations are listed; `benben call INI NAME --help` says what one takes.
    A single - in the place of the arguments reads them from the standard input: a JSON object on
    each line, one call for each. A refusal is told as the endpoint would tell it, with exit 2 for
    what is wrong with the input, 13 for a caller who may not, 1 for everything else.
    """
    from benben.cli.application import working
    from benben.kernel.problems import Problem
    from benben.operation.problems import AnswerMismatch

    with working(uri) as assembly:
        operations = assembly.config.registry.operations
        if name is None or name in ("-h", "--help"):
            _list(operations.values())
            return
        if name not in operations:
            from benben.kernel.mistakes import nearest

            raise click.UsageError(f"there is no operation {name}{nearest(name, operations)}")
        identity = _identity(assembly, user)
        operation = operations[name]
        try:
            _print(_answers(assembly, operation, arguments, identity=identity), form)
        except Problem as exc:
            _tell(exc)
        except AnswerMismatch as exc:
            raise click.ClickException(str(exc)) from exc


def _answers(assembly: Assembly, operation: Operation, arguments: tuple[str, ...], *, identity: Identity | None) -> Iterator[Any]:
    if arguments == ("-",):
        for number, line in enumerate(sys.stdin, 1):
            if line.strip():
                yield from _call_line(assembly, operation, line.strip(), number=number, identity=identity)
        return
    made = command_of(operation)
    context = made.make_context(f"benben call INI {operation.name}", list(arguments))
    texts = texts_of(operation, made.invoke(context))
    yield from call_operation(assembly, operation, texts, identity=identity)


def _call_line(assembly: Assembly, operation: Operation, line: str, *, number: int, identity: Identity | None) -> Iterator[Any]:
    """Yield what one line of the input answers; a refusal names the line."""
    from benben.kernel.problems import Problem
    from benben.rest.body import read_json

    try:
        yield from _call_values(assembly, operation, read_json(line.encode()), identity=identity)
    except Problem:
        click.echo(f"line {number}", err=True)
        raise


def _call_values(assembly: Assembly, operation: Operation, given: Any, *, identity: Identity | None) -> Iterator[Any]:
    """Yield what the operation answers to one object of the input, whose members are its parameters."""
    from benben.operation.providers import Scope

    require(assembly, operation, identity)
    members = {item.name for item in operation.parameters}
    whole = operation.whole
    if whole is not None and isinstance(given, dict) and whole.name not in given:
        own = {name: value for name, value in given.items() if name not in members}
        given = {name: value for name, value in given.items() if name in members} | {whole.name: own}
    values = operation.values_of_object(given)
    with Scope(assembly.config.registry, identity=identity) as scope:
        result = operation.call(scope, values)
        yield from result if operation.is_stream else [result]


def _identity(assembly: Assembly, user: str) -> Identity | None:
    if not user:
        return None
    from benben.cli.why import known_identity

    return known_identity(assembly, user, roles=(), scopes=(), claims=())


def _list(operations: Iterable[Operation]) -> None:
    from benben.cli.output import print_table

    rows = [(item.name, item.method, item.path, item.permission, item.summary) for item in operations]
    print_table(sorted(rows), ("operation", "method", "path", "permission", "summary"))


def _print(answers: Iterable[Any], form: str) -> None:
    """Print each answer: a line of JSON as it comes, or all of them as a table."""
    import msgspec

    from benben.kernel.wire import write_json

    if form == "json":
        for answer in answers:
            if answer is not None:
                click.echo(write_json(answer).decode())
        return
    rows = [msgspec.json.decode(write_json(answer)) for answer in answers if answer is not None]
    rows = [row if isinstance(row, dict) else {"value": row} for row in rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if form == "yaml":
        import yaml

        click.echo(yaml.safe_dump(rows, sort_keys=False, allow_unicode=True), nl=False)
    elif form == "csv":
        from benben.rest.formats.csv import CSVFormat

        click.echo(CSVFormat().encode(write_json({"items": rows, "next": None})).decode(), nl=False)
    else:
        from benben.cli.output import print_table

        print_table([[_cell(row.get(name)) for name in names] for row in rows], names)


def _cell(value: Any) -> str:
    return (
        ""
        if value is None
        else value
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def _tell(problem: Any) -> None:
    """Write a refusal as the endpoint words it, and leave."""
    click.echo(f"{problem.title}{': ' + problem.detail if problem.detail else ''}", err=True)
    for fault in problem.errors:
        click.echo(f"  {fault.where} {fault.pointer or '(whole)'}: {fault.detail}", err=True)
    raise click.exceptions.Exit(NOT_PERMITTED if problem.status in (401, 403) else 2 if problem.status < 500 else 1)
