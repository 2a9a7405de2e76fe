"""What is refused because there is nothing left of it this month."""

from __future__ import annotations

from benben.kernel.problems import Problem


class QuotaExceeded(Problem):
    """The caller has used what there is for a month; this request was not looked at."""

    code, status, title = "quota-exceeded", 429, "The quota of this month is used up"
    hint = "`quota` says what was used, what is left and when it renews; ask the operator for more if that is too late."
