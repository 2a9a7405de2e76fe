"""A library with covers on both databases, and small files of every kind."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from benben.testing import API, build_api

INI = {"plugin.books": "on", "plugin.docs": "on", "plugin.browse": "off"}


def png(width: int = 2, height: int = 2, *, padding: int = 0) -> bytes:
    """Return a picture that any program shows; *padding* bytes are a comment in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + b"\xd9\xa4\x41" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", head), chunk(b"tEXt", b"Comment\x00" + b"x" * padding), chunk(b"IDAT", zlib.compress(rows))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


@pytest.fixture(params=["column", "folder"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The folder of the files, once empty: in the database."""
    return "" if request.param == "column" else str(tmp_path / "files")


@pytest.fixture
def api(tmp_path: Path, database_url: str, storage: str) -> Iterator[API]:
    """An empty library."""
    found = build_api(tmp_path, {**INI, **({"resource.files": storage} if storage else {})}, database_url=database_url)
    yield found
    found.close()


@pytest.fixture
def editor(api: API) -> API:
    """Somebody who may write, in a library of one author and two books."""
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "Ursula K. Le Guin"})
    for title in ("The Dispossessed", "The Lathe of Heaven"):
        editor.post_json("/v1/books", {"title": title, "author_id": 1})
    return editor
