"""What a transaction will have recorded, as a part of that transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from transaction.interfaces import IDataManagerSavepoint, ISavepointDataManager
from zope.interface import implementer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benben.features.audit.chain import Entry
    from benben.features.audit.images import Document

Append = Callable[["Sequence[Entry]"], None]


@implementer(ISavepointDataManager)
class Pending:
    """Gathers entries and appends them when everything else is ready to be committed.

    The session commits when it votes, and it votes last; this one votes before it. Until then nobody
    has to wait for the chain, and every other lock is held already.

    Args:
        append: writes entries inside the transaction.
        append_kept: writes, after the transaction was undone, those that have to be known all the same.
    Attributes:
        before: images of rows that are about to change, by resource and the text of the key, which
            the caller and the database may give in two types.
    """

    def __init__(self, transaction: Any, manager: Any, append: Append, *, append_kept: Append) -> None:
        self.transaction_manager = manager
        self.before: dict[tuple[str, str], Document | None] = {}
        self.entries: list[Entry] = []
        self._kept: list[Entry] = []
        self._marks: dict[str, int] = {}
        self._append = append
        self._append_kept = append_kept
        transaction.join(self)
        transaction.addAfterAbortHook(self._undone)
        transaction.addAfterCommitHook(self._undone)

    def add(self, entry: Entry, *, is_kept: bool = False) -> None:
        """Have *entry* recorded; *is_kept* even if the transaction, or a savepoint, is undone."""
        self.entries.append(entry)
        if is_kept:
            self._kept.append(entry)

    def mark(self, savepoint: str) -> None:
        """Remember what was there when *savepoint* began."""
        self._marks[savepoint] = len(self.entries)

    def undo(self, savepoint: str) -> None:
        """Forget what was gathered since *savepoint* began, before the first entry if it has no mark."""
        self._cut(self._marks.pop(savepoint, 0))

    def sortKey(self) -> str:  # noqa: N802 (the transaction calls it by this name)
        """Return what sorts before the session, whose key begins with a tilde."""
        return "benben:audit"

    def savepoint(self) -> Mark:
        """Return what goes back to the entries of now."""
        return Mark(self, len(self.entries))

    def abort(self, _transaction: Any) -> None:
        """Do nothing: nothing was written."""

    def tpc_begin(self, _transaction: Any) -> None:
        """Do nothing: what the session still holds goes first."""

    def commit(self, _transaction: Any) -> None:
        """Do nothing."""

    def tpc_vote(self, _transaction: Any) -> None:
        """Append; the COMMIT follows at once."""
        if self.entries:
            self._append(self.entries)

    def tpc_finish(self, _transaction: Any) -> None:
        """Do nothing."""

    def tpc_abort(self, _transaction: Any) -> None:
        """Do nothing: the session rolls back."""

    def _cut(self, place: int) -> None:
        self.entries[place:] = [entry for entry in self.entries[place:] if any(entry is kept for kept in self._kept)]

    def _undone(self, is_committed: bool = False) -> None:
        if self._kept and not is_committed:
            self._append_kept(self._kept)


@implementer(IDataManagerSavepoint)
class Mark:
    """A place among the entries, for a savepoint of the whole transaction."""

    def __init__(self, pending: Pending, place: int) -> None:
        self._pending = pending
        self._place = place

    def rollback(self) -> None:
        """Forget what was gathered since."""
        self._pending._cut(self._place)
