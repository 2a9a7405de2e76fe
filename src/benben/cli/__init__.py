"""The command line: each command is a module of its own, imported only when it is called."""

from __future__ import annotations

import importlib
import sys
import warnings
from importlib.metadata import version
from typing import Any

import click

# command -> module and the sentence of the list, so that listing imports nothing
COMMANDS = (
    ("check", "check", "Tell what is wrong with an ini, without starting anything."),
    ("db", "db", "Show and apply the migrations of the plugins."),
    ("import", "importing", "Load the data set of a plugin."),
    ("openapi", "openapi", "Print the OpenAPI document of exactly what is on."),
    ("plugins", "plugins", "List the plugins, on and off, and what each adds."),
    ("routes", "routes", "List the endpoints with view, plugin, schema and permission."),
    ("serve", "serve", "Serve an ini."),
    ("settings", "settings", "List the settings, their values and where they come from."),
    ("token", "token", "Print a bearer token for a user."),
    ("user", "user", "Add, list and change users."),
)


class Commands(click.Group):
    """Finds a command by its module."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it is known to end with is a line on standard error, not a traceback."""
        # Pyramid and Cornice warn of a package that they import themselves.
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as exc:
            from benben.cli.failures import tell

            sys.exit(tell(exc))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return it."""
        for name, module, _ in COMMANDS:
            if name == cmd_name:
                command: click.Command = importlib.import_module(f"benben.cli.{module}").command
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, _, sentence in COMMANDS])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("benben"), prog_name="benben")
def main() -> None:
    """Benben: a REST API from plugins and an ini file."""
