"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def ini_argument(function: Function) -> Function:
    """Take INI, the path of an ini file, as ``uri``, and the option ``--traceback``."""
    function = click.option(
        "--traceback",
        is_flag=True,
        expose_value=False,
        callback=_keep_traceback,
        help="Show where in the code a mistake was found.",
    )(function)
    # No check that it exists: INI#NAME is no path, and the shell completes paths all the same.
    return click.argument("uri", metavar="INI", type=click.Path())(function)


def json_option(function: Function) -> Function:
    """Take ``--json`` as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON in place of a table.")(function)


def _keep_traceback(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    ctx.meta["benben.traceback"] = value
