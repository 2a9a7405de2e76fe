"""``benben apikey INI ...``: make, list and revoke the keys of users."""

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

COLUMNS = ("id", "user", "name", "scopes", "created_at", "expires_at", "last_used_at")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as `benben apikey INI list` tells it; nothing of the secret."""

    id: str
    user: str
    name: str
    scopes: tuple[str, ...] | None
    created_at: str
    expires_at: str
    last_used_at: str


@contextmanager
def keys_of(uri: str) -> Iterator[tuple[Session, Any]]:
    """Give a session in a transaction, and the keys of the application; commit at the end.

    Raises: ConfigurationMistakes: of the ini, or apikey is off.
    """
    from sqlalchemy.orm import Session

    from benben.cli.application import require_plugin, working

    with working(uri, "identity", "apikey") as assembly:
        require_plugin(assembly, "apikey", "`benben apikey`")
        registry = assembly.config.registry
        with Session(registry.engine) as session, session.begin():
            yield session, registry.apikey


@click.group("apikey")
@ini_argument
@click.pass_context
def command(ctx: click.Context, uri: str) -> None:
    """Make, list and revoke API keys.

    The plugin apikey must be on.
    """
    ctx.obj = uri


@command.command("add")
@click.argument("user")
@click.option("--name", default="made by the operator", help="What the key is for.")
@click.option("--scope", "scopes", multiple=True, metavar="PERMISSION", help="What the key reaches; by default all.")
@click.option("--days", type=click.IntRange(1, 36_600), help="How long the key lives; by default as long as it may.")
@click.pass_obj
def add_command(uri: str, user: str, *, name: str, scopes: Sequence[str], days: int | None) -> None:
    """Make a key for a user; it is printed to stdout this once."""
    import datetime

    from benben.db.models import utc_now

    with keys_of(uri) as (session, keys):
        from benben.features.apikey.services import Wish

        expires_at = None if days is None else utc_now() + datetime.timedelta(days=days)
        made = keys.make(session, user, Wish(name, [*scopes] or None, expires_at))
        key_id, text = f"{keys.prefix}{made.row.id}", made.text
        _tell(session, keys, "api-key-made", key_id)
    print(f"The key {key_id} of {user} is shown this once:", file=sys.stderr)
    click.echo(text)


@command.command("list")
@click.argument("user", required=False)
@json_option
@click.pass_obj
def list_command(uri: str, user: str | None, as_json: bool) -> None:
    """List the keys of all users, or of one."""
    from benben.cli.output import print_rows

    with keys_of(uri) as (session, keys):
        rows = [
            KeyRow(
                f"{keys.prefix}{row.id}",
                row.user,
                row.name,
                None if row.scope is None else tuple(row.scope.split()),
                _text(row.created_at),
                _text(row.expires_at),
                _text(row.last_used_at),
            )
            for row in keys.list(session, user=user)
        ]
    print_rows(rows, COLUMNS, as_json=as_json)


@command.command("revoke")
@click.argument("key_id", metavar="ID")
@click.pass_obj
def revoke_command(uri: str, key_id: str) -> None:
    """Revoke a key; every process refuses it within seconds.

    ID is the visible part of the key, up to its dot.
    """
    with keys_of(uri) as (session, keys):
        keys.revoke(session, key_id)
        _tell(session, keys, "api-key-revoked", key_id)
    click.echo(f"Revoked the key {key_id}.")


def _tell(session: Session, keys: Any, action: str, key_id: str) -> None:
    from benben.security.audited import Audited

    keys.notify(Audited(action=action, resource="api-keys", key=key_id, connection=session.connection()))


def _text(instant: Any) -> str:
    return "" if instant is None else str(instant.strftime("%Y-%m-%dT%H:%M:%SZ"))
