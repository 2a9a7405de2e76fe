"""What a command says when it cannot go on: one line for each mistake, and the exit code."""

from __future__ import annotations

import sys
import traceback

import click

from benben.kernel.mistakes import ConfigurationMistakes
from benben.kernel.problems import Problem

FAILED = 1
MISTAKEN = 2


def tell(exc: Exception, *, with_traceback: bool = False) -> int:
    """Write what *exc* means to stderr and return the exit code.

    A plugin that raised is told with its traceback, everything else only if it is asked for.
    Raises: what is none of the errors that a command is known to end with.
    """
    lines, code = _lines_and_code(exc)
    if not lines:
        raise exc
    for line in lines:
        click.echo(line, err=True)
    if isinstance(exc, ConfigurationMistakes):
        for mistake in exc.mistakes:
            if mistake.trace:
                click.echo(f"\n{one_line(mistake.key)}:\n{mistake.trace.rstrip()}", err=True)
    if with_traceback:
        traceback.print_exception(exc, file=sys.stderr)
    return code


def one_line(text: str) -> str:
    """Return *text* without line ends, and what does not print as its escape."""
    joined = " ".join(text.split())
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in joined)


def _lines_and_code(exc: Exception) -> tuple[list[str], int]:
    if isinstance(exc, ConfigurationMistakes):
        return [one_line(str(mistake)) for mistake in exc.mistakes], MISTAKEN
    if isinstance(exc, Problem):
        return problem_lines(exc), FAILED if exc.status >= 500 else MISTAKEN
    return database_failure(exc)


def problem_lines(problem: Problem) -> list[str]:
    """Return the lines of a refusal by a service: one for each field, or one for all."""
    hint = f" {problem.hint}" if problem.hint else ""
    if problem.errors:
        return [one_line(f"{error.pointer.lstrip('/') or error.where}: {error.detail}") for error in problem.errors]
    return [one_line(f"{problem.title}: {problem.detail}" if problem.detail else f"{problem.title}.{hint}")]


def database_failure(exc: Exception) -> tuple[list[str], int]:
    """Return the line and the exit code of an error of the database or of its migrations, without any secret."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    from benben.observe.redact import redact_text

    if isinstance(exc, DBAPIError):
        return [one_line(f"the database says: {redact_text(str(exc.orig))}")], FAILED
    if isinstance(exc, SQLAlchemyError):
        return [one_line(f"the database: {redact_text(str(exc))}")], FAILED
    if isinstance(exc, CommandError):
        return [one_line(f"migrations: {redact_text(str(exc))}")], MISTAKEN
    return [], FAILED
