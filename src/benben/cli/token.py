"""``benben token INI NAME``: a bearer token, for scripts and for a first try."""

from __future__ import annotations

import click

from benben.cli.options import ini_argument


def issue(uri: str, name: str) -> str:
    """Return a token for the user called *name*, who need not say a password.

    Raises: UnknownUser, UserInactive; ConfigurationMistakes: of the ini, or jwt is off.
    """
    from benben.cli.application import require_plugin, working

    with working(uri, "identity") as assembly:
        require_plugin(assembly, "jwt", "`benben token`")
        from benben.features.jwt.services import issue_access_token

        return issue_access_token(assembly.config.registry, name)


@click.command("token")
@ini_argument
@click.argument("name")
def command(uri: str, name: str) -> None:
    """Print a bearer token for a user.

    NAME is the name of the user. The token is all that is printed to stdout.
    """
    click.echo(issue(uri, name))
