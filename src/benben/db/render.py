"""JSON built by the database: how each column type looks on the wire.

PostgreSQL's ``row_to_json`` and SQLite's ``json_object`` do the work; only what they would
write differently from each other, or from the wire form, gets an expression of its own.

A column of another type, a plugin's own, is read as it is and written by Python:
`PythonRendering` gives the same bytes for the same values, only later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Float,
    FromClause,
    Integer,
    Select,
    String,
    Text,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from benben.db.types import JSON, UUID, Decimal, Instant

Members = Callable[[Any], Select[Any]]
# "%s" would leave a sign to the fraction: -5 hundredths are -0.05.
SQLITE_DECIMAL = "%s%d.%0{scale}d"
RENDERED_TYPES = (Integer, String, Boolean, Float, Date, Instant, Decimal, UUID, JSON)
DECODED = "benben_decoded"
"""Execution option: the members of a document that Python has to write, in their order."""
INSTANT_PATTERN = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def is_rendered(kind: TypeEngine[Any]) -> bool:
    """Tell whether both databases write the wire form of a column of this type themselves.

    An enumeration of Python is stored by its names and sent by its values.
    """
    return isinstance(kind, RENDERED_TYPES) and getattr(kind, "enum_class", None) is None


def on_postgresql(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression that ``row_to_json`` turns into the wire form of *column*."""
    kind = column.type
    if isinstance(kind, Decimal):
        return cast(column, Text)
    if isinstance(kind, Instant):
        return func.to_char(func.timezone(literal_column("'UTC'"), column), literal_column(_quoted(INSTANT_PATTERN)))
    return column


def on_sqlite(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the expression that ``json_object`` turns into the wire form of *column*."""
    kind = column.type
    if isinstance(kind, Boolean):
        return case(
            (column.is_(True), func.json(literal_column("'true'"))),
            (column.is_(False), func.json(literal_column("'false'"))),
        )
    if isinstance(kind, Float):
        return func.json(func.float_json(column))
    if isinstance(kind, JSON):
        return func.json(type_coerce(column, Text))
    if isinstance(kind, Decimal):
        return _sqlite_decimal(type_coerce(column, Integer), kind.scale)
    return column


def _sqlite_decimal(stored: ColumnElement[Any], scale: int) -> ColumnElement[Any]:
    if scale == 0:
        return cast(stored, Text)
    unit: Any = literal_column(str(10**scale))
    form: Any = literal_column(_quoted(SQLITE_DECIMAL.format(scale=scale)))
    sign = case((stored < literal_column("0"), literal_column("'-'")), else_=literal_column("''"))
    # SQLAlchemy's own ``//`` would call a function of Python for every row.
    text = func.printf(form, sign, func.abs(stored).op("/")(unit), func.abs(stored).op("%")(unit))
    # NOTE: in RETURNING, SQLite 3.40 takes "IS NOT NULL" for true even where the new value is null.
    return case((func.typeof(stored) == literal_column("'integer'"), text))


class PostgreSQLRendering:
    """Documents by ``row_to_json``, which writes no space between its parts."""

    @property
    def nested(self) -> PostgreSQLRendering:
        """Return the rendering of what is embedded."""
        return self

    @staticmethod
    def embedded(document: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return what is JSON already as a member of a document."""
        return document

    render: ClassVar[Callable[[ColumnElement[Any]], ColumnElement[Any]]] = staticmethod(on_postgresql)

    def document(self, rows: Select[Any], extra: Sequence[ColumnElement[Any]], source: FromClause) -> Select[Any]:
        """Return a select of one JSON text for each row of *source*, and the *extra* columns.

        Args:
            rows: the members of the document, selected from *source* without a FROM of its own.
        """
        doc = rows.correlate(source).lateral("doc")
        text = cast(func.row_to_json(literal_column("doc")), Text).label("document")
        return select(text, *extra).select_from(source.join(doc, true()))

    def written(self, change: Any, table: FromClause, members: Members, extra: Sequence[str]) -> Any:
        """Return *change*, an INSERT or UPDATE, with the document and columns of the written row.

        A RETURNING clause knows no subquery that names a row, so that it feeds one.
        """
        source = change.returning(*table.columns).cte("written")
        return self.document(members(source.c), [source.c[name] for name in extra], source)

    def one(self, rows: Select[Any], outer: FromClause) -> ColumnElement[Any]:
        """Return an expression for the one row of *rows*, which refers to *outer*, or null."""
        inner = rows.correlate(outer).subquery("one")
        return select(func.row_to_json(literal_column("one"))).select_from(inner).scalar_subquery()

    def many(self, rows: Select[Any], outer: FromClause) -> ColumnElement[Any]:
        """Return an expression for the array of *rows*, which refer to *outer*."""
        inner = rows.correlate(outer).subquery("many")
        joined = func.string_agg(cast(func.row_to_json(literal_column("many")), Text), literal_column("','"))
        array = select(
            literal_column("'['").op("||")(func.coalesce(joined, literal_column("''"))).op("||")(literal_column("']'"))
        )
        return cast(array.select_from(inner).scalar_subquery(), _PostgreSQLJSON())


class SQLiteRendering:
    """Documents by ``json_object``."""

    @property
    def nested(self) -> SQLiteRendering:
        """Return the rendering of what is embedded."""
        return self

    @staticmethod
    def embedded(document: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return what is JSON already as a member of a document."""
        return document

    render: ClassVar[Callable[[ColumnElement[Any]], ColumnElement[Any]]] = staticmethod(on_sqlite)

    def document(self, rows: Select[Any], extra: Sequence[ColumnElement[Any]], source: FromClause) -> Select[Any]:
        """Return a select of one JSON text for each row of *source*, and the *extra* columns."""
        return select(self._object(rows).label("document"), *extra).select_from(source)

    def written(self, change: Any, table: FromClause, members: Members, extra: Sequence[str]) -> Any:
        """Return *change*, an INSERT or UPDATE, with the document and columns of the written row."""
        document = self._object(members(table.c)).label("document")
        return change.returning(document, *(table.c[name] for name in extra))

    def one(self, rows: Select[Any], outer: FromClause) -> ColumnElement[Any]:
        """Return an expression for the one row of *rows*, which refers to *outer*, or null."""
        return func.json(
            rows.correlate(outer).with_only_columns(self._object(rows), maintain_column_froms=True).scalar_subquery()
        )

    def many(self, rows: Select[Any], outer: FromClause) -> ColumnElement[Any]:
        """Return an expression for the array of *rows*, which refer to *outer*."""
        documents = rows.with_only_columns(self._object(rows).label("document"), maintain_column_froms=True)
        inner = documents.correlate(outer).subquery()
        joined = func.coalesce(func.group_concat(inner.c.document, literal_column("','")), literal_column("''"))
        array = select(literal_column("'['").op("||")(joined).op("||")(literal_column("']'")))
        return func.json(array.select_from(inner).scalar_subquery())

    def _object(self, rows: Select[Any]) -> ColumnElement[Any]:
        parts: list[Any] = []
        for column in rows.selected_columns:
            parts += [literal_column(_quoted(column.key)), getattr(column, "element", column)]
        return func.json_object(*parts, type_=Text)


class PythonRendering:
    """Documents by Python, for rows with a column that the databases cannot write.

    The statement gives the members as columns, and says so by `DECODED`; whoever runs it
    makes one text of them. What is embedded is still written by the database.

    Args: nested: the rendering of what is embedded.
    """

    def __init__(self, nested: Any) -> None:
        self.nested = nested

    def render(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the column as it is, for a row that the database has stored."""
        return self.embedded(column) if isinstance(column.type, JSON) else column

    def embedded(self, document: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return what is JSON already as the text that it is."""
        return type_coerce(cast(document, Text), JSONText())

    def document(self, rows: Select[Any], extra: Sequence[ColumnElement[Any]], source: FromClause) -> Select[Any]:
        """Return a select of the members for each row of *source*, and the *extra* columns."""
        columns = list(rows.selected_columns)
        return select(*columns, *extra).select_from(source).execution_options(**decoded(columns))

    def written(self, change: Any, table: FromClause, members: Members, extra: Sequence[str]) -> Any:
        """Return *change*, an INSERT or UPDATE, with the members and columns of the written row."""
        columns = list(members(table.c).selected_columns)
        returned = [*columns, *(table.c[name].label(f"x_{name}") for name in extra)]
        return change.returning(*returned).execution_options(**decoded(columns))


def decoded(columns: Sequence[Any]) -> dict[str, Any]:
    """Return the option that names the members and their types; None where it is JSON text."""
    return {DECODED: tuple((column.key, None if isinstance(column.type, JSONText) else column.type) for column in columns)}


class JSONText(Text):
    """Text that is JSON."""

    cache_ok = True


class _PostgreSQLJSON(JSON):
    """The target of a cast."""

    cache_ok = True


RENDERINGS: Mapping[str, Callable[[], Any]] = {"postgresql": PostgreSQLRendering, "sqlite": SQLiteRendering}


def _quoted(name: str | None) -> str:
    return "'" + (name or "").replace("'", "''") + "'"
