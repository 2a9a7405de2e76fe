"""Find the first entry that is not what was written, in the database or in an export.

Every entry is read once, in the order of the chain, and its hash is computed anew. What is changed
does not fit its hash, what is removed leaves a gap, what was put in does not fit those around it, and
what was cut off at the end is missed by the head. Whoever may change everything in the database, the
triggers and all hashes included, is found out by an anchor: a number and a hash that were noted
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import Connection, Text, cast, func, select, type_coerce

from benben.db.render import on_postgresql
from benben.features.audit.chain import END, ENTRY, GENESIS, HEAD, Entry, link

BATCH = 2_000
NAMES = (
    "at",
    "userid",
    "scheme",
    "address",
    "request_id",
    "tenant",
    "action",
    "resource",
    "key",
    "changed",
    "before",
    "after",
)
JSON_NAMES = frozenset({"changed", "before", "after"})
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Args:
        entries: how many fit, from the beginning on.
        seq, hash: of the last of them; worth to be noted elsewhere, as an anchor.
        broken: the number of the first entry that does not fit; None if all do.
        reason: what is wrong with it.
    """

    entries: int
    seq: int
    hash: str
    broken: int | None = None
    reason: str = ""


class Line(msgspec.Struct):
    """One entry of an export; *entry* is its canonical JSON, byte for byte."""

    hash: str
    entry: msgspec.Raw


class FirstLine(msgspec.Struct):
    """Where an export begins: behind the entry *seq*."""

    chain: str
    seq: int
    hash: str


class _Number(msgspec.Struct):
    seq: int


def count(connection: Connection) -> int:
    """Return how many entries there are."""
    found: int = connection.execute(select(func.count()).select_from(ENTRY)).scalar_one()
    return found


def verify(connection: Connection, advance: Advance, *, anchors: Mapping[int, str]) -> Verdict:
    """Verify the whole chain.

    Args: anchors: hashes that some entries must have, by their numbers.
    """
    # In this order: an entry that is seen has moved the head, which is then at least as far.
    last = connection.execute(select(func.max(ENTRY.c.seq))).scalar() or 0
    head = connection.execute(select(END.c.seq, END.c.hash).where(END.c.id == HEAD)).one_or_none()
    if head is None:
        return Verdict(0, 0, GENESIS, 1, "the head of the chain is gone")
    with closing(_entries(connection, head.seq)) as entries:
        found = follow(entries, advance, anchors=anchors)
    if found.broken is not None:
        return found
    if found.seq < head.seq:
        return _broken(found, "is gone: the head of the chain is further")
    if found.hash != head.hash:
        return _broken(found, "is the end, but not what the head of the chain says", found.seq)
    return found if last <= head.seq else _broken(found, "stands behind the head of the chain")


def verify_export(file: BinaryIO, advance: Advance, *, anchors: Mapping[int, str]) -> Verdict:
    """Verify what `export` has written.

    Raises: ValueError: it is no export.
    """
    try:
        first = msgspec.json.decode(file.readline(), type=FirstLine)
    except msgspec.MsgspecError as exc:
        raise ValueError(f"the first line is not that of an export: {exc}") from exc
    return follow(_lines(file), advance, anchors=anchors, start=Verdict(0, first.seq, first.hash))


def export(connection: Connection, file: BinaryIO, advance: Advance, *, after: int = 0) -> int:
    """Write the entries behind the number *after* and return how many there are.

    Raises: ValueError: there is no entry of that number.
    """
    previous = GENESIS if not after else connection.execute(select(ENTRY.c.hash).where(ENTRY.c.seq == after)).scalar()
    if previous is None:
        raise ValueError(f"there is no entry {after}")
    file.write(msgspec.json.encode(FirstLine("benben-audit-1", after, previous)) + b"\n")
    number = 0
    for _, found, text in _entries(connection, None, after=after):
        file.write(msgspec.json.encode(Line(found, msgspec.Raw(text))) + b"\n")
        number += 1
        if number % BATCH == 0:
            advance(BATCH)
    advance(number % BATCH)
    return number


def follow(
    entries: Iterable[tuple[int, str, bytes]], advance: Advance, *, anchors: Mapping[int, str], start: Verdict | None = None
) -> Verdict:
    """Follow a chain of numbers, hashes and canonical texts to its end, or to what does not fit."""
    found = start or Verdict(0, 0, GENESIS)
    number, seq, previous = 0, found.seq, found.hash
    for given, stored, text in entries:
        here = Verdict(number, seq, previous)
        if given != seq + 1:
            return _broken(here, "is gone" if given > seq + 1 else "has a place that is taken", seq + 1)
        if link(previous, text) != stored:
            return _broken(here, "is not what was written, or does not follow the one before")
        if anchors.get(given, stored) != stored:
            return _broken(here, "has another hash than its anchor")
        number, seq, previous = number + 1, given, stored
        if number % BATCH == 0:
            advance(BATCH)
    advance(number % BATCH)
    found = Verdict(number, seq, previous)
    missing = [anchor for anchor in anchors if anchor > seq]
    return _broken(found, "has an anchor and is gone", min(missing)) if missing else found


def _broken(found: Verdict, reason: str, seq: int | None = None) -> Verdict:
    return Verdict(found.entries, found.seq, found.hash, found.seq + 1 if seq is None else seq, reason)


def _entries(connection: Connection, last: int | None, *, after: int = 0) -> Generator[tuple[int, str, bytes]]:
    """Yield number, hash and canonical text of the entries from the database, some at a time.

    Everything is read as text, as it is stored: nothing may be repaired by reading it.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    columns: list[Any] = []
    for name in NAMES:
        column = ENTRY.c[name]
        if name == "at":
            columns.append(type_coerce(column, Text) if is_sqlite else on_postgresql(column))
        elif name in JSON_NAMES:
            columns.append(type_coerce(column, Text) if is_sqlite else cast(column, Text))
        else:
            columns.append(column)
    rows = select(ENTRY.c.seq, ENTRY.c.hash, *columns).where(ENTRY.c.seq > after).order_by(ENTRY.c.seq)
    rows = rows if last is None else rows.where(ENTRY.c.seq <= last)
    with connection.execute(rows.execution_options(yield_per=BATCH)) as found:
        for seq, stored, *values in found:
            known = dict(zip(NAMES, values, strict=True))
            known |= {name: None if known[name] is None else str(known[name]).encode() for name in JSON_NAMES}
            yield seq, stored, Entry(**known).text(seq).encode()


def _lines(file: BinaryIO) -> Iterator[tuple[int, str, bytes]]:
    lines, numbers = msgspec.json.Decoder(Line), msgspec.json.Decoder(_Number)
    for text in file:
        try:
            line = lines.decode(text)
            yield numbers.decode(line.entry).seq, line.hash, bytes(line.entry)
        except msgspec.MsgspecError as exc:
            raise ValueError(f"a line is not that of an export: {exc}") from exc
