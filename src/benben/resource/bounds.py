"""What one request may cost; whoever asks for more is told what would fit."""

from __future__ import annotations

from benben.kernel.problems import Problem
from benben.kernel.settings import Choice, Setting, Settings, Switch, Text, Values, Whole


class ResourceSettings(Settings):
    """``resource.*``: bounds that hold for every resource."""

    prefix = "resource"

    max_depth = Setting(Whole(0, 10), default=3, unit="relations", help="How far a filter, an order or an embed may reach.")
    max_terms = Setting(Whole(1, 1000), default=50, unit="conditions", help="Conditions and sort keys of one query.")
    max_list = Setting(Whole(1, 10_000), default=200, unit="values", help="Values of one `in`, `notin` or key list.")
    embedded_rows = Setting(
        Whole(1, 10_000), default=100, unit="rows", help="Rows of one embedded list for which the caller names no limit."
    )
    max_related_rows = Setting(
        Whole(1, 10_000_000), default=50_000, unit="rows", help="Embedded rows of one answer, counted by their limits."
    )
    counted_rows = Setting(
        Whole(1, 10_000_000), default=10_000, unit="rows", help="Up to how many matches `count=estimated` counts exactly."
    )
    max_bulk = Setting(Whole(1, 100_000), default=1_000, unit="rows", help="Rows of one body.")
    max_affected = Setting(
        Whole(1, 1_000_000), default=1_000, unit="rows", help="Rows that one change by filter may be allowed to touch."
    )
    max_exports = Setting(Whole(0, 100), default=2, unit="exports", help="Exports with `limit=all` at a time; 0 for none.")
    files = Setting(
        Text("a folder"), default="", help="The folder that the bytes of files are kept in; without one the database keeps them."
    )
    regex = Setting(Switch(), default=False, help="The lookup `regex` on texts; needs the extra `regex` on SQLite.")
    preconditions = Setting(
        Choice("optional", "required"), default="optional", help="Whether a change of a row has to carry If-Match (428)."
    )
    explain = Setting(Text("a rule"), default="role:admin", help="Who may send `Prefer: explain`.")


def default_bounds() -> Values:
    """Return what holds where the ini says nothing."""
    return Values({node.name: node.default for node in ResourceSettings().children})


class QueryTooExpensive(Problem):
    """The query asks for more than one request may cost; it was not run."""

    code, status, title = "query-too-expensive", 400, "The query asks for too much at once"
    hint = "`errors` says what would fit: a lower limit, fewer conditions, fewer embedded rows."


class TooManyAffected(Problem):
    """A change by filter would touch more rows than `max-affected` allows; nothing was done."""

    code, status, title = "too-many-affected", 400, "The change would touch too many rows"
    hint = "Narrow the filter, or raise `max-affected` up to the maximum that the server allows."


PROBLEMS = (QueryTooExpensive, TooManyAffected)
