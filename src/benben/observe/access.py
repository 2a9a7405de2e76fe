"""The access log: one line for each request, on the logger ``benben.access``.

Set its level to WARNING in the ini and only the failures of the server are left.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benben.observe.facts import Fact

log = logging.getLogger("benben.access")


def log_access(fact: Fact) -> None:
    """Write the line of a request; the formatters of :mod:`benben.observe.logs` add the fact."""
    level = logging.WARNING if fact.status >= 500 else logging.INFO
    if not log.isEnabledFor(level):
        return
    values = (fact.method, fact.path, fact.status, 1000 * fact.duration_s)
    # PERF: the place of the call, which `log.log` would look up, is the same for every line.
    record = log.makeRecord(log.name, level, __file__, 0, "%s %s %d %.1f ms", values, None, "log_access", {"fact": fact})
    log.handle(record)
