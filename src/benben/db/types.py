"""Column types that mean the same on PostgreSQL and on SQLite.

SQLite has neither decimals, instants, UUIDs nor JSON; each is stored so that comparison
and order are those of the values: decimals as whole numbers of their last place, instants
as text of fixed width in UTC.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, Numeric, Text, TypeDecorator
from sqlalchemy import Uuid as NativeUUID
from sqlalchemy.types import UserDefinedType

from benben.kernel.wire import instant_text

SQLITE_DECIMAL_DIGITS = 18


class Instant(TypeDecorator[datetime.datetime]):
    """A point in time, aware and in UTC, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Store text on SQLite: it sorts as the instants do."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Refuse a naive time: nobody knows which instant it means."""
        if value is None or isinstance(value, str):
            return value
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(datetime.UTC)
        return instant_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime.datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.datetime.fromisoformat(value)
        return value.astimezone(datetime.UTC)


class Decimal(TypeDecorator[decimal.Decimal]):
    """An exact number with *scale* digits behind the point.

    Args:
        precision: digits in all, up to 18 (what SQLite's integers hold).
        scale: digits behind the point.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        if not 0 <= scale <= precision <= SQLITE_DECIMAL_DIGITS:
            raise ValueError(f"a decimal has at most {SQLITE_DECIMAL_DIGITS} digits")
        super().__init__(precision, scale)
        self.precision, self.scale = precision, scale

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Store whole numbers of the last place on SQLite."""
        native = BigInteger() if dialect.name == "sqlite" else Numeric(self.precision, self.scale)
        return dialect.type_descriptor(native)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Round nothing: a value with more digits than the column is an error."""
        if value is None:
            return None
        value = decimal.Decimal(value)
        if dialect.name != "sqlite":
            return value
        if abs(value) >= 10**SQLITE_DECIMAL_DIGITS:
            # A filter may compare with more than is ever stored, and than SQLite's integers hold.
            return math.copysign(math.inf, value)
        scaled = value.scaleb(self.scale)
        if scaled != scaled.to_integral_value():
            # A filter may compare with more digits than are stored; keep the order right.
            return float(scaled)
        return int(scaled) if abs(scaled) < 2**63 else float(scaled)

    def process_result_value(self, value: Any, dialect: Dialect) -> decimal.Decimal | None:
        """Return the value with exactly *scale* digits behind the point."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return decimal.Decimal(value).scaleb(-self.scale)
        return decimal.Decimal(value)


class UUID(TypeDecorator[uuid.UUID]):
    """A UUID; lower-case text with hyphens on SQLite."""

    impl = NativeUUID
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Use PostgreSQL's own type."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else NativeUUID())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Accept a UUID or its text."""
        if value is None:
            return None
        value = value if isinstance(value, uuid.UUID) else uuid.UUID(value)
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        """Return the UUID."""
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(value)


class JSON(TypeDecorator[Any]):
    """Any JSON value, kept as the compact text that was written.

    ``jsonb`` would sort the keys and add spaces, and the same document would read
    differently on the two databases.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Use PostgreSQL's ``json``, through text on both sides."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else _TextJSON())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write compact UTF-8 text; None is SQL's NULL."""
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return the decoded value; psycopg has decoded it already."""
        return msgspec.json.decode(value) if value is not None and dialect.name == "sqlite" else value


class _TextJSON(UserDefinedType[str]):
    """PostgreSQL's ``json``, bound as the text that it is.

    SQLAlchemy's own type would be replaced by the driver's, which encodes the text once more.
    """

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "JSON"
