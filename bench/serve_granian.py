"""Serve Benben by granian, which is installed beside the neighbours: ``python -m bench.serve_granian <arguments of granian>``.

The packages of Benben's own environment stand first, so that granian is all that the other gives.
"""

from __future__ import annotations

import site
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Run granian's command line."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site.addsitedir(str(ROOT / ".venv-bench" / "lib" / version / "site-packages"))
    from granian.cli import entrypoint

    entrypoint()


if __name__ == "__main__":
    main()
