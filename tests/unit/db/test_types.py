"""Column types: the same value on both databases, and nothing rounded in silence."""

from __future__ import annotations

import decimal
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from benben.db.types import JSON, UUID, Decimal, Instant

SQLITE, POSTGRESQL = sqlite.dialect(), postgresql.dialect()


def stored(kind: Any, value: Any) -> Any:
    """Return what SQLite is given for *value*."""
    return kind.process_bind_param(value, SQLITE)


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=2))
def test_decimals_are_whole_numbers_of_their_last_place(value: decimal.Decimal) -> None:
    """Which compare and sort as the values do, and come back as they were."""
    kind = Decimal(12, 2)

    assert stored(kind, value) == int(value * 100)
    assert kind.process_result_value(stored(kind, value), SQLITE) == value


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-12, 14))
def test_instants_are_texts_that_sort(value: datetime, hours: int) -> None:
    """In UTC, whatever the offset was."""
    try:
        local = value.astimezone(timezone(timedelta(hours=hours)))
    except OverflowError:
        return

    assert stored(Instant(), local) == stored(Instant(), value)
    assert Instant().process_result_value(stored(Instant(), local), SQLITE) == value


def test_a_time_without_a_zone_is_refused() -> None:
    """Nobody knows which instant it means."""
    with pytest.raises(ValueError, match="time zone"):
        stored(Instant(), datetime(2026, 1, 1))


def test_null_is_null_everywhere() -> None:
    """In both directions."""
    for kind in (Decimal(5, 2), Instant(), UUID(), JSON()):
        for dialect in (SQLITE, POSTGRESQL):
            assert kind.process_bind_param(None, dialect) is None
            assert kind.process_result_value(None, dialect) is None


def test_a_uuid_is_text_in_lower_case() -> None:
    """However it was written."""
    value = uuid.uuid4()

    assert stored(UUID(), str(value).upper() and value) == str(value)


@pytest.mark.parametrize(("precision", "scale"), [(19, 0), (5, 6), (5, -1)])
def test_a_decimal_that_sqlite_cannot_hold_is_refused(precision: int, scale: int) -> None:
    """At the definition, not at the first value."""
    with pytest.raises(ValueError, match="digits"):
        Decimal(precision, scale)
