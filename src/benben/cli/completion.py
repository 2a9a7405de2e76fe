"""What the shell offers behind ``benben call INI``: operations, what they take, and what that may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from benben.operation import Operation


def complete_name(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the operations of the ini whose names begin with *incomplete*."""
    from click.shell_completion import CompletionItem

    found = _operations(ctx)
    return [CompletionItem(name, help=item.summary) for name, item in found.items() if name.startswith(incomplete)]


def complete_value(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return what the option before the cursor may be, as far as there is a list of it."""
    from click.shell_completion import CompletionItem

    words = ctx.params.get("arguments") or ()
    option = next((item for item in _options(ctx) if words and words[-1] in item.opts), None)
    choices = () if option is None else option.choices
    return [CompletionItem(word) for word in choices if word.startswith(incomplete)]


def complete_option(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Return the options of the operation that begin with *incomplete*."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(option.opts[0], help=option.help) for option in _options(ctx) if option.opts[0].startswith(incomplete)]


def _options(ctx: click.Context) -> list[Any]:
    from benben.cli.call import command_of

    operation = _operations(ctx).get(ctx.params.get("name") or "")
    return [] if operation is None else [item for item in command_of(operation).params if isinstance(item, click.Option)]


def _operations(ctx: click.Context) -> Mapping[str, Operation]:
    from benben.cli.application import look

    try:
        found: Mapping[str, Operation] = look(ctx.params["uri"]).config.registry.operations
    except Exception:
        # A shell that completes has no place for a mistake of the ini; the command itself tells it.
        return {}
    return found
