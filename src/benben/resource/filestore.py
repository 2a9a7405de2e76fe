"""Where the bytes of files are: in their column, or in a folder beside the database.

A file in the folder is called by the digest of its bytes, so that no name of anybody is ever a
path, the same bytes are there once, and nothing is ever overwritten by anything else. It is written before its row
and outlives it: what a transaction leaves over is taken away by ``benben files sweep``.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benben.kernel.problems import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benben.rest.files import FileValue

ELSEWHERE = b""
"""What the column holds of a file that is in the folder."""
NAME = re.compile(r"[0-9a-f]{64}")


class FilesUnavailable(Unavailable):
    """The folder of the files cannot be read or written just now, or one of its files is gone."""

    code, title = "files-unavailable", "The files are not available just now"


class FileStore:
    """Keeps and gives the bytes of the files of one table.

    Each table has a folder of its own: a sweep must not take the files of a plugin that is off for
    files that nobody has.

    Args: folder: of all tables; empty for the column.
    """

    def __init__(self, folder: str, table: str) -> None:
        self.folder = Path(folder, table) if folder else None

    def keep(self, value: FileValue) -> bytes | None:
        """Keep the content of *value* and return what its column holds.

        Raises: FilesUnavailable: the folder cannot be written.
        """
        if self.folder is None or value.content is None:
            return value.content
        try:
            self._write(value.sha256, value.content)
        except OSError as exc:
            raise FilesUnavailable() from exc
        return ELSEWHERE

    def read(self, shown: Mapping[str, Any], stored: bytes) -> bytes:
        """Return the content of the file of which *shown* is said and *stored* is in the column.

        Raises: FilesUnavailable: it is not where it was put.
        """
        if stored != ELSEWHERE or not shown["size"]:
            return stored
        if self.folder is None or NAME.fullmatch(shown["sha256"]) is None:
            raise FilesUnavailable()
        try:
            return self._place(shown["sha256"]).read_bytes()
        except OSError as exc:
            raise FilesUnavailable() from exc

    def sweep(self, used: Collection[str], *, older_than_s: int) -> Iterator[str]:
        """Delete what is not *used* and was last written before that time; yield the digest of each."""
        before = time.time() - older_than_s
        for path in sorted(self.folder.glob("??/*")) if self.folder is not None else ():
            if path.name not in used and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                yield path.name

    def _place(self, digest: str) -> Path:
        assert self.folder is not None
        return self.folder / digest[:2] / digest

    def _write(self, digest: str, content: bytes) -> None:
        """Write a file that appears as a whole or not at all; one that is there becomes young again."""
        place = self._place(digest)
        if place.exists():
            # A sweep that has just found it unused lets it live.
            os.utime(place)
            return
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix="new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(place)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
