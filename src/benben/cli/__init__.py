"""The command ``benben``: one module for each sub-command, imported when it is used.

Each is thin over a function of the same module that anybody can call. Data goes to stdout,
what is wrong to stderr; 0 is fine, 1 a failure of something outside, the database for
example, 2 a mistake in the use or in the configuration.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

# Command -> its module here and its summary. ``benben --help`` reads this and imports none
# of them; a test holds the summaries to those of the commands.
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "serve": ("serve", "Serve the application that an ini file describes."),
        "check": ("check", "Find every mistake in an ini file."),
        "plugins": ("plugins", "List the plugins and what each of them adds."),
        "routes": ("routes", "List the addresses and who may use them."),
        "why": ("why", "Say whether a request would be let in, and which rule decides it."),
        "settings": ("settings", "List the settings, their values and where they come from."),
        "openapi": ("openapi", "Write the OpenAPI document of the application."),
        "db": ("db", "See and change the tables of the plugins."),
        "call": ("call", "Run an operation, as its endpoint does."),
        "user": ("user", "Add, list and change users."),
        "token": ("token", "Print a bearer token for a user."),
        "apikey": ("apikey", "Make, list and revoke API keys."),
        "audit": ("audit", "Verify the record of who did what, and keep a copy of it."),
        "files": ("files", "Take away what is left over in the folder of the files."),
        "import": ("import_data", "Load a data set of a plugin, or the rows of a file."),
        "export": ("rows", "Write the rows of a resource to a file."),
    }
)


class LazyGroup(click.Group):
    """A group that imports a command when it is used, and tells mistakes in one line each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which they are needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called *cmd_name*."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"benben.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries without importing what they summarise."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that is known becomes a line on stderr and an exit code."""
        with warnings.catch_warnings():
            # Pyramid and Cornice import it, and the one who reads this cannot change that.
            warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
            try:
                return super().invoke(ctx)
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise
            except Exception as exc:
                from benben.cli.failures import tell

                ctx.exit(tell(exc, with_traceback=bool(ctx.meta.get("benben.traceback"))))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="INI is the path of an ini file; INI#NAME takes its section [app:NAME] in place of [app:main].",
)
@click.version_option(package_name="benben", message="%(prog)s %(version)s")
def main() -> None:
    """Assemble, inspect and serve a REST API that an ini file describes."""
