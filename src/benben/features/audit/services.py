"""Record what happens: keep what rows were, and append the entries when the transaction commits.

Those of a savepoint that is rolled back are forgotten with it.
"""

from __future__ import annotations

import getpass
import logging
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, event
from sqlalchemy.exc import SQLAlchemyError

from benben.db.models import utc_now
from benben.db.session import REQUEST
from benben.features.audit.chain import Chain, Entry, OwnTransaction
from benben.features.audit.images import Images, canonical, redacted
from benben.features.audit.pending import Pending
from benben.kernel.problems import Problem
from benben.kernel.request import COMMAND
from benben.security.audited import Audited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benben.kernel.request import Request
    from benben.kernel.settings import Values
    from benben.resource.events import ResourceChanged
    from benben.security.events import LoginAttempted

log = logging.getLogger("benben.audit")

MAX_USERID, MAX_SCHEME, MAX_ADDRESS = 255, 32, 64
SAVEPOINT = "SAVEPOINT "


class Recorder:
    """Records the changes and events of one application."""

    def __init__(self, registry: Any, settings: Values) -> None:
        self._registry = registry
        self._skipped = frozenset(settings.skip)
        self._records_logins: bool = settings.logins
        self._records_addresses: bool = settings.addresses
        self.chain = Chain(registry.runner)
        self._images = Images(registry)
        self._follow_savepoints(registry.engine)

    def keep(self, request: Request, resource: str, keys: Sequence[Any]) -> None:
        """Keep what the rows of *keys* are before they change."""
        if resource not in self._skipped:
            image, pending = self._images.of(resource), self._pending(request)
            for key in keys:
                pending.before[resource, str(key)] = image.read(request, key)

    def record_change(self, change: ResourceChanged) -> None:
        """Record that a row is different now."""
        if change.resource in self._skipped:
            return
        request, image, pending = change.request, self._images.of(change.resource), self._pending(change.request)
        before = pending.before.pop((change.resource, str(change.key)), None)
        after = None
        if change.document:
            after = image.shown(change.document) or image.read(request, change.key)
        changed = canonical(image.differing(before, after)) if before is not None and after is not None else None
        texts = [None if row is None else canonical(image.masked(row)) for row in (before, after)]
        pending.add(self._entry(request, change.action, (change.resource, change.key), texts=(changed, texts[0], texts[1])))

    def record_event(self, told: Audited) -> None:
        """Record what a feature or a command tells."""
        texts = [None if value is None else canonical(redacted(value)) for value in (told.before, told.after)]
        entry = self._entry(
            told.request, told.action, (told.resource, told.key), texts=(None, texts[0], texts[1]), userid=told.userid
        )
        if told.connection is not None:
            self.chain.append(OwnTransaction(told.connection), [entry])
        elif told.request is None or not told.request.environ.get("tm.active"):
            self._append_alone([entry])
        else:
            self._pending(told.request).add(entry, is_kept=told.is_kept)

    def record_login(self, attempt: LoginAttempted) -> None:
        """Record that somebody has come in, or has tried to."""
        if not self._records_logins:
            return
        action = "login" if attempt.succeeded else "login-refused"
        name = attempt.username[:MAX_USERID]
        userid = name if attempt.succeeded else ""
        told = Audited(
            action=action, resource="login", key=name, request=attempt.request, userid=userid, is_kept=not attempt.succeeded
        )
        self.record_event(told)

    def _pending(self, request: Request) -> Pending:
        """Return what the transaction of *request* will have recorded."""
        transaction = request.tm.get()
        try:
            found: Pending = transaction.data(self)
        except KeyError:
            append = partial(self._append, request)
            found = Pending(transaction, request.tm, append, append_kept=self._append_alone)
            transaction.set_data(self, found)
        return found

    def _append(self, request: Request, entries: Sequence[Entry]) -> None:
        """Append *entries* in the transaction of *request*; the COMMIT follows at once."""
        if request.dbsession.in_transaction():
            self.chain.append(request, entries)
            return
        # Nothing was written there: a login, for example, whose feature writes on a connection of its
        # own and would wait for this one, if it had been opened when the event came.
        with self._registry.engine.begin() as connection:
            self.chain.append(OwnTransaction(connection), entries)

    def _append_alone(self, entries: Sequence[Entry]) -> None:
        """Append *entries* in a transaction of their own.

        Fails open: the answer is made already, and a refusal must not become a failure of the
        server. What could not be recorded is an error in the log.
        """
        try:
            with self._registry.engine.begin() as connection:
                self.chain.append(OwnTransaction(connection), entries)
        except SQLAlchemyError:
            told = ", ".join(f"{entry.action} {entry.resource} {entry.key!r}" for entry in entries)
            log.exception("not recorded: %s", told[:200])

    def _entry(
        self,
        request: Request | None,
        action: str,
        row: tuple[str, Any],
        *,
        texts: tuple[bytes | None, bytes | None, bytes | None],
        userid: str = "",
    ) -> Entry:
        """Return the entry about *row*; *texts* are what changed, what it was and what it is."""
        environ: dict[str, Any] = {COMMAND: "?"} if request is None else request.environ
        identity = environ.get("benben.identity")
        if COMMAND in environ:
            found, scheme = userid or self._operator, "command"
        else:
            found, scheme = userid or getattr(identity, "userid", ""), getattr(identity, "scheme", "")
        address = environ.get("REMOTE_ADDR", "") if self._records_addresses else ""
        return Entry(
            utc_now(),
            found[:MAX_USERID] or None,
            scheme[:MAX_SCHEME],
            address[:MAX_ADDRESS] or None,
            (request.id or None) if request is not None else None,
            None if request is None else self._tenant(request),
            action,
            row[0],
            str(row[1]),
            *texts,
        )

    def _tenant(self, request: Request) -> str | None:
        """Return the tenant of *request*; None where it need not say one and has not."""
        try:
            found: str | None = self._registry.access.tenant_of(request)
        except Problem:
            return None
        return found

    @cached_property
    def _operator(self) -> str:
        """Return the account of the operating system that runs a command."""
        try:
            return f"os:{getpass.getuser()}"
        except (KeyError, OSError):
            # A container may run under a number that has no name.
            return "os:?"

    def _follow_savepoints(self, engine: Any) -> None:
        # The event "savepoint" comes before the savepoint has its name.
        @event.listens_for(engine, "before_cursor_execute")
        def begin(connection: Connection, _cursor: Any, sql: str, *_rest: Any) -> None:
            if sql.startswith(SAVEPOINT):
                pending = self._of(connection)
                if pending is not None:
                    pending.mark(sql.removeprefix(SAVEPOINT).strip('"'))

        @event.listens_for(engine, "rollback_savepoint")
        def roll_back(connection: Connection, name: str, _context: Any) -> None:
            pending = self._of(connection)
            if pending is not None:
                pending.undo(name)

    def _of(self, connection: Connection) -> Pending | None:
        """Return what the transaction of *connection* has gathered so far, None for nothing."""
        reference = connection.get_execution_options().get(REQUEST)
        request = None if reference is None else reference()
        if request is None or not request.environ.get("tm.active"):
            return None
        try:
            found: Pending = request.tm.get().data(self)
        except KeyError:
            return None
        return found
