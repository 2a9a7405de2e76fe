"""What a caller is refused about single rows."""

from __future__ import annotations

from benben.kernel.problems import Forbidden


class RowNotPermitted(Forbidden):
    """The row may be seen but not be written, or would become one that may not; nothing was done."""

    code, title = "row-not-permitted", "This row is not yours to write"
    hint = "The operator's rules say which rows a role may write; `/me/permissions` lists them."


PROBLEMS = (RowNotPermitted,)
