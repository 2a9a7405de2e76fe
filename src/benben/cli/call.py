"""``benben call INI NAME``: run an operation, with the judgement and the permission of its endpoint."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from benben.cli.answers import FORMATS, print_answers, print_operations, tell
from benben.cli.completion import complete_name, complete_option, complete_value
from benben.cli.options import ini_argument

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from benben.kernel.assemble import Assembly
    from benben.operation import Operation
    from benben.security.identity import Identity

ALL = "-"
# A name that no parameter of a function has.
UNNAMED = "0"
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
        raise Unauthenticated(permission=f"{operation.permission}; --as names a caller")
    raise Forbidden(permission=operation.permission)


def command_of(operation: Operation) -> click.Command:
    """Return the command line of *operation*: placeholders as arguments, everything else as options.

    What is required may be given without its name, in its order.
    """
    from benben.rest import nodes

    listed: list[click.Parameter] = []
    places = []
    for item in operation.parameters:
        if item.source == "path":
            listed.append(click.Argument([item.name]))
            places.append(f"{item.name.upper()}: {'; '.join(filter(None, _said(item.node)))}.")
        elif item.source == "whole" and item.node is not None and isinstance(item.node.typ, nodes.Object):
            listed += [_option(child.name, child, _is_needed(child)) for child in item.node.children]
        else:
            listed.append(_option(item.name, item.node, not item.has_default))
    needed = [_word(name) for name in _needed(operation)]
    if needed:
        listed.append(click.Argument([UNNAMED], nargs=-1, metavar=" ".join(f"[{word.upper()}]" for word in needed)))
    text = "\n\n".join(
        filter(None, [operation.__doc__, f"{operation.method} {operation.path}; permission {operation.permission}.", *places])
    )
    return click.Command(operation.name, params=listed, callback=lambda **given: given, help=text)


def texts_of(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a command line gave by the names of the parameters.

    Raises: click.UsageError: there are more texts without a name than places for them.
    """
    given = dict(given)
    unnamed = list(given.pop(UNNAMED, ()))
    for name in _needed(operation):
        if unnamed and _given(given, name) is None:
            given[_word(name)] = unnamed.pop(0)
    if unnamed:
        raise click.UsageError(f"there is no place for {' '.join(unnamed)}; `--help` says what {operation.name} takes")
    texts: dict[str, Any] = {}
    for item in operation.parameters:
        if item.source == "whole" and item.node is not None and item.node.children:
            texts[item.name] = Members({child.name: _given(given, child.name) for child in item.node.children})
        elif _given(given, item.name) is not None:
            texts[item.name] = _given(given, item.name)
    return texts


def _needed(operation: Operation) -> Iterator[str]:
    """Yield the names of the options that are required and no list, in their order."""
    from benben.rest import nodes

    for item in operation.parameters:
        if item.source == "path" or item.node is None:
            continue
        if item.source == "whole" and isinstance(item.node.typ, nodes.Object):
            yield from (child.name for child in item.node.children if _is_needed(child) and not isinstance(child.typ, nodes.List))
        elif not item.has_default and not item.is_list:
            yield item.name


class Members(dict[str, Any]):
    """Texts of the members of an object, beside each other."""


def _given(given: Mapping[str, Any], name: str) -> Any:
    value = given.get(_word(name))
    return None if value in (None, ()) else list(value) if isinstance(value, tuple) else value


def _word(name: str) -> str:
    """Return the name that click knows a parameter by."""
    return name.lower().replace("-", "_")


def _option(name: str, node: Any, is_needed: bool) -> click.Option:
    from benben.rest import nodes

    is_list = isinstance(node.typ, nodes.List)
    one = node.children[0] if is_list else node
    kind, text, *bounds = _said(one)
    choices = _choices(one)
    said = [node.help or text, *bounds, "required" if is_needed else ""]
    return ParameterOption(
        [f"--{name.replace('_', '-')}", _word(name)],
        metavar=("|".join(choices) if choices and not kind.startswith("boolean") else kind).upper(),
        help="; ".join(filter(None, said)),
        multiple=is_list,
        choices=choices,
    )


def _said(node: Any) -> list[str]:
    """Return type, help, bounds and default of a value; empty what it has not."""
    from benben.rest.jsonschema import schema_of

    shown = schema_of(node, "write")
    kind = shown.get("format") or shown.get("type", "json")
    kind = " or ".join(kind) if isinstance(kind, list) else str(kind)
    bounds = ", ".join(f"{word} {shown[word]}" for word in BOUNDS if word in shown)
    default = "" if shown.get("default") is None else f"default {json.dumps(shown['default'], ensure_ascii=False)}"
    return [kind, node.help, bounds, default]


def _choices(node: Any) -> tuple[str, ...]:
    """Return what a value may be, where that is a list."""
    from benben.rest.jsonschema import schema_of

    shown = schema_of(node, "write")
    if "boolean" in shown.get("type", ()):
        return ("true", "false")
    return tuple("null" if word is None else str(word) for word in shown.get("enum", ()))


def _is_needed(node: Any) -> bool:
    import colander

    return bool(node.missing is colander.required)


class ParameterOption(click.Option):
    """An option that is a parameter of an operation; what it may be is judged there and offered to the shell here."""

    def __init__(self, names: list[str], *, choices: tuple[str, ...], **said: Any) -> None:
        super().__init__(names, **said)
        self.choices = choices


class CallCommand(click.Command):
    """Takes the name of an operation, then what that operation takes."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the options of the operation beside our own."""
        return [*complete_option(ctx, incomplete), *super().shell_complete(ctx, incomplete)]

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
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, shell_complete=complete_value)
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
            print_operations(operations.values())
            return
        if name not in operations:
            from benben.kernel.mistakes import nearest

            raise click.UsageError(f"there is no operation {name}{nearest(name, operations)}")
        identity = _identity(assembly, user)
        operation = operations[name]
        try:
            answers = _answers(assembly, operation, arguments, identity=identity)
            print_answers(answers, form, is_list=operation.is_stream or arguments == (ALL,))
        except Problem as exc:
            _refuse(exc)
        except AnswerMismatch as exc:
            raise click.ClickException(str(exc)) from exc


def _answers(assembly: Assembly, operation: Operation, arguments: tuple[str, ...], *, identity: Identity | None) -> Iterator[Any]:
    if arguments == (ALL,):
        from benben.rest.formats.base import lines_of

        for number, line in enumerate(lines_of(sys.stdin.buffer), 1):
            if line.strip():
                yield from _call_line(assembly, operation, line.strip(), number=number, identity=identity)
        return
    made = command_of(operation)
    context = made.make_context(f"benben call INI {operation.name}", list(arguments))
    texts = texts_of(operation, made.invoke(context))
    yield from call_operation(assembly, operation, texts, identity=identity)


def _call_line(assembly: Assembly, operation: Operation, line: bytes, *, number: int, identity: Identity | None) -> Iterator[Any]:
    """Yield what one line of the input answers; a refusal names the line."""
    from benben.kernel.problems import Problem
    from benben.rest.body import read_json

    try:
        yield from _call_values(assembly, operation, read_json(line), identity=identity)
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


def _refuse(problem: Any) -> None:
    """Write a refusal as the endpoint words it, and leave."""
    for line in tell(problem):
        click.echo(line, err=True)
    raise click.exceptions.Exit(NOT_PERMITTED if problem.status in (401, 403) else 2 if problem.status < 500 else 1)
