"""``benben user INI ...``: who there is and what they may do."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as `list_users` tells it; nothing of the password."""

    name: str
    roles: tuple[str, ...]
    is_active: bool
    email: str | None
    has_password: bool


@contextmanager
def users(uri: str) -> Iterator[tuple[Session, Any]]:
    """Give a session in a transaction, and the passwords of the application; commit at the end.

    Raises: ConfigurationMistakes: of the ini, or identity is off.
    """
    from sqlalchemy.orm import Session

    from benben.cli.application import require_plugin, working

    with working(uri, "identity", "audit") as assembly:
        require_plugin(assembly, "identity", "`benben user`")
        registry = assembly.config.registry
        with Session(registry.engine, info={"notify": registry.notify}) as session, session.begin():
            yield session, registry.identity.passwords


def tell(session: Session, action: str, name: str, **after: Any) -> None:
    """Have it recorded in the same transaction what was done to a user, where somebody records."""
    from benben.security.audited import Audited

    session.flush()
    told = Audited(action=action, resource="users", key=name, connection=session.connection(), after=after or None)
    session.info["notify"](told)


def list_users(session: Session) -> list[UserRow]:
    """Return all users in the order of their names."""
    from sqlalchemy import select

    from benben.features.identity.models import User

    return [
        UserRow(user.name, tuple(sorted(user.roles)), user.is_active, user.email, user.password_hash is not None)
        for user in session.scalars(select(User).order_by(User.name))
    ]


def read_password(*, from_stdin: bool) -> str:
    """Return the first line of stdin, or what a person types twice without seeing it.

    Raises: click.UsageError: nobody is there to type.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to type a password at; give it by --password-stdin.")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


@click.group("user")
@ini_argument
@click.pass_context
def command(ctx: click.Context, uri: str) -> None:
    """Add, list and change users.

    The plugin identity must be on.
    """
    ctx.obj = uri


password_option = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")


@command.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role of the user; may be given several times.")
@password_option
@click.option("--no-password", is_flag=True, help="Ask for none: the user comes from a provider, docs/oidc.md.")
@click.pass_obj
def add(uri: str, name: str, roles: Sequence[str], password_stdin: bool, no_password: bool) -> None:
    """Add a user with a password and roles."""
    if no_password and password_stdin:
        raise click.UsageError("--no-password and --password-stdin say two different things.")
    password = None if no_password else read_password(from_stdin=password_stdin)
    with users(uri) as (session, passwords):
        from benben.features.identity.services import create_user

        create_user(session, passwords, name, password=password, roles=roles)
        tell(session, "user-added", name, roles=sorted(roles))
    click.echo(f"Added the user {name}{_with_roles(roles)}.")


@command.command("list")
@json_option
@click.pass_obj
def list_command(uri: str, as_json: bool) -> None:
    """List the users."""
    from benben.cli.output import print_rows

    with users(uri) as (session, _):
        rows = list_users(session)
    print_rows(rows, ("name", "roles", "is_active", "email", "has_password"), as_json=as_json)


@command.command("set-password")
@click.argument("name")
@password_option
@click.pass_obj
def change_password(uri: str, name: str, password_stdin: bool) -> None:
    """Give a user another password."""
    password = read_password(from_stdin=password_stdin)
    with users(uri) as (session, passwords):
        from benben.features.identity.services import set_password

        set_password(session, passwords, name, password=password)
        tell(session, "password-changed", name)
    click.echo(f"Changed the password of {name}.")


@command.command("set-roles")
@click.argument("name")
@click.argument("roles", nargs=-1)
@click.pass_obj
def change_roles(uri: str, name: str, roles: Sequence[str]) -> None:
    """Give a user these roles and no others.

    Without ROLES the user keeps none. Tokens that are out keep theirs until they expire.
    """
    with users(uri) as (session, _):
        from benben.features.identity.services import set_roles

        set_roles(session, name, roles)
        tell(session, "roles-changed", name, roles=sorted(roles))
    click.echo(f"{name} is{_with_roles(roles)} now.")


@command.command("deactivate")
@click.argument("name")
@click.pass_obj
def deactivate_command(uri: str, name: str) -> None:
    """Refuse a user everywhere, tokens that are out included."""
    with users(uri) as (session, _):
        from benben.features.identity.services import deactivate

        deactivate(session, name)
        tell(session, "user-deactivated", name)
    click.echo(f"{name} is refused from now on; `benben user INI activate {name}` takes it back.")


@command.command("activate")
@click.argument("name")
@click.pass_obj
def activate_command(uri: str, name: str) -> None:
    """Take a deactivation back."""
    with users(uri) as (session, _):
        from benben.features.identity.services import activate

        activate(session, name)
        tell(session, "user-activated", name)
    click.echo(f"{name} is active.")


def _with_roles(roles: Sequence[str]) -> str:
    return f" with the role{'s' if len(roles) > 1 else ''} {' '.join(roles)}" if roles else " without a role"
