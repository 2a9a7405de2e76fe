"""Open files: a connection is one, and more while its body or answer lies on disk."""

from __future__ import annotations

import logging
import sys

if sys.platform != "win32":
    import resource

logger = logging.getLogger("benben.server")

# For the database, logs, the interpreter, and bodies that lie in temporary files.
RESERVED = 100


def allow_connections(wanted: int) -> int:
    """Raise the soft limit of open files for *wanted* connections; return how many fit.

    Without it a process of the usual 1,024 descriptors spins on accept() once they are gone.
    """
    if sys.platform == "win32":
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # One for the socket and one for a body or an answer on disk.
    needed = 2 * wanted + RESERVED
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return wanted
    raised = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    fits = max((raised - RESERVED) // 2, 1)
    if fits < wanted:
        logger.warning("connection_limit is %d, not %d: the process may open %d files", fits, wanted, raised)
    return min(fits, wanted)
