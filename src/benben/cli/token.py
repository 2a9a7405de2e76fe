"""``benben token``: a bearer token for scripts, the keys that sign, what is revoked, and clients."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from benben.cli.options import ini_argument, json_option

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from benben.features.jwt.services import Rotated

COLUMNS = ("kid", "algorithm", "state", "signs_at", "retires_at")
CLIENT_COLUMNS = ("id", "grants", "roles", "scopes", "created_at")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as `list_keys` tells it; nothing of its text."""

    kid: str
    algorithm: str
    state: str
    signs_at: str
    retires_at: str


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as `benben token client list` tells it."""

    id: str
    grants: tuple[str, ...]
    roles: tuple[str, ...]
    scopes: tuple[str, ...] | None
    created_at: str


@contextmanager
def tokens_of(uri: str) -> Iterator[Any]:
    """Give the registry of an application whose tables of tokens are ready.

    Raises: ConfigurationMistakes: of the ini, or jwt is off.
    """
    from benben.cli.application import require_plugin, working

    with working(uri, "identity", "jwt", "audit") as assembly:
        require_plugin(assembly, "jwt", "`benben token`")
        yield assembly.config.registry


@contextmanager
def changing(uri: str) -> Iterator[tuple[Any, Connection]]:
    """Give the registry and a connection in a transaction; commit at the end."""
    with tokens_of(uri) as registry, registry.jwt.store.writing() as connection:
        yield registry, connection


def issue(uri: str, name: str, *, scope: str | None = None) -> str:
    """Return a token for the user called *name*, who need not say a password.

    Raises: UnknownUser, UserInactive, InvalidScope; ConfigurationMistakes: of the ini, or jwt is off.
    """
    with tokens_of(uri) as registry:
        from benben.features.jwt.services import issue_access_token

        token = issue_access_token(registry, name, scopes=registry.jwt.scopes.narrow(scope, None))
        with registry.engine.begin() as connection:
            _tell(registry, connection, "token-issued", name)
        return token


def rotate_key(uri: str, *, is_compromised: bool = False) -> Rotated:
    """Make a new key for the application of an ini file, and retire the others."""
    with changing(uri) as (registry, connection):
        from benben.features.jwt.services import rotate

        jwt = registry.jwt
        rotated = rotate(connection, jwt.ring.first, seal=jwt.seal, settings=jwt.settings, is_compromised=is_compromised)
        _tell(registry, connection, "key-rotated", rotated.kid)
        return rotated


def list_keys(uri: str) -> list[KeyRow]:
    """Return the keys of an application, in the order in which they sign."""
    import time

    with tokens_of(uri) as registry:
        jwt, now = registry.jwt, time.time()
        jwt.ledger.look()
        signing = jwt.ring.signing(now).kid
        rows = []
        for term in jwt.ring.terms():
            state = "retired" if term.retires_at <= now else "waits" if term.signs_at > now else "verifies"
            shown = "signs" if term.key.kid == signing else state
            rows.append(KeyRow(term.key.kid, term.key.algorithm, shown, _instant(term.signs_at), _instant(term.retires_at)))
        return rows


def revoke(uri: str, name: str) -> None:
    """Revoke all tokens of a user, and end what they are refreshed by. Raises: UnknownUser."""
    from benben.features.identity.problems import UnknownUser

    with tokens_of(uri) as registry:
        from benben.features.jwt.services import revoke_subject

        if registry.identity.find(name) is None:
            raise UnknownUser()
        with registry.jwt.store.writing() as connection:
            revoke_subject(connection, name)
            _tell(registry, connection, "all-tokens-revoked", name)


class WithDefault(click.Group):
    """A group whose first word may be that of its oldest command, ``benben token INI NAME``."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; what is none is an ini file."""
        if args and args[0] not in self.commands:
            args = ["issue", *args]
        return super().resolve_command(ctx, args)


@click.group("token", cls=WithDefault)
def command() -> None:
    """Print a bearer token for a user.

    `benben token INI NAME` is short for `benben token issue INI NAME`. The plugin jwt must be on.
    """


@command.command("issue")
@ini_argument
@click.argument("name")
@click.option("--scope", help="Permissions that the token is narrowed to, with a space between them.")
def issue_command(uri: str, name: str, scope: str | None) -> None:
    """Print a bearer token for a user.

    NAME is the name of the user. The token is all that is printed to stdout.
    """
    click.echo(issue(uri, name, scope=scope))


@command.command("rotate")
@ini_argument
@click.option("--compromised", is_flag=True, help="Somebody else has the old key: refuse at once whatever it has signed.")
def rotate_command(uri: str, compromised: bool) -> None:
    """Have a new key sign tokens, in the place of the old one.

    No process needs a restart: the new key is published at once and signs after jwt.rotation_lead,
    the old one verifies until the last token that it has signed has expired.
    """
    rotated = rotate_key(uri, is_compromised=compromised)
    click.echo(f"{rotated.kid} ({rotated.algorithm}) signs from {_text(rotated.signs_at)} on.")
    click.echo(f"What older keys have signed is refused from {_text(rotated.old_retires_at)} on.")


@command.command("keys")
@ini_argument
@json_option
def keys_command(uri: str, as_json: bool) -> None:
    """List the keys that sign, will sign, or still verify."""
    from benben.cli.output import print_rows

    print_rows(list_keys(uri), COLUMNS, as_json=as_json)


@command.command("revoke")
@ini_argument
@click.argument("name")
def revoke_command(uri: str, name: str) -> None:
    """Refuse every token that a user has by now, everywhere within 5 seconds."""
    revoke(uri, name)
    click.echo(f"The tokens of {name} are refused; a new login gives new ones.")


@command.group("client")
def client() -> None:
    """Add, list and change programs that log in by a secret of their own."""


@client.command("add")
@ini_argument
@click.argument("client_id", metavar="ID")
@click.option("--grant", "grants", multiple=True, default=("client_credentials",), help="client_credentials or password.")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role of the client itself.")
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION", help="What its tokens reach at most; by default all.")
def add_command(uri: str, client_id: str, *, grants: Sequence[str], roles: Sequence[str], scopes: Sequence[str]) -> None:
    """Add a client; its secret is printed to stdout this once."""
    with changing(uri) as (registry, connection):
        from benben.features.jwt.services import add_client

        registry.jwt.scopes.require_known(scopes)
        secret = add_client(connection, client_id, grants=grants, roles=roles, scopes=[*scopes] or None)
        _tell(registry, connection, "client-added", client_id)
    _print_secret(client_id, secret)


@client.command("list")
@ini_argument
@json_option
def list_command(uri: str, as_json: bool) -> None:
    """List the clients."""
    from benben.cli.output import print_rows

    with changing(uri) as (_, connection):
        from benben.features.jwt.services import list_clients

        rows = [
            ClientRow(
                program.id,
                tuple(sorted(program.grants)),
                tuple(sorted(program.roles)),
                None if program.scopes is None else tuple(sorted(program.scopes)),
                _text(program.created_at),
            )
            for program in list_clients(connection)
        ]
    print_rows(rows, CLIENT_COLUMNS, as_json=as_json)


@client.command("new-secret")
@ini_argument
@click.argument("client_id", metavar="ID")
@click.option("--grace", type=click.IntRange(0, 30 * 86400), default=86400, help="Seconds that the old secret is good for.")
def secret_command(uri: str, client_id: str, grace: int) -> None:
    """Give a client another secret; the old one is good for another day."""
    with changing(uri) as (registry, connection):
        from benben.features.jwt.services import renew_secret

        secret = renew_secret(connection, client_id, grace_s=grace)
        _tell(registry, connection, "client-secret-renewed", client_id)
    _print_secret(client_id, secret)


@client.command("remove")
@ini_argument
@click.argument("client_id", metavar="ID")
def remove_command(uri: str, client_id: str) -> None:
    """Remove a client and revoke its tokens."""
    with changing(uri) as (registry, connection):
        from benben.features.jwt.services import remove_client

        remove_client(connection, client_id)
        _tell(registry, connection, "client-removed", client_id)
    click.echo(f"Removed the client {client_id}.")


def _print_secret(client_id: str, secret: str) -> None:
    """Print the secret alone to stdout, for a pipe, and what to do with it to stderr."""
    print(f"The secret of {client_id} is shown this once:", file=sys.stderr)
    click.echo(secret)


def _tell(registry: Any, connection: Connection, action: str, key: str) -> None:
    from benben.security.audited import Audited

    registry.notify(Audited(action=action, resource="tokens", key=key, connection=connection))


def _instant(seconds: float) -> str:
    import datetime
    import math

    return "" if math.isinf(seconds) or seconds <= 0 else _text(datetime.datetime.fromtimestamp(seconds, datetime.UTC))


def _text(instant: Any) -> str:
    return str(instant.strftime("%Y-%m-%dT%H:%M:%SZ"))
