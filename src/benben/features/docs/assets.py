"""The files that the pages load, each known by a digest of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = (
    (".js", "text/javascript; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".svg", "image/svg+xml"),
    ("", "text/plain; charset=utf-8"),
)
DIGEST_BYTES = 9


@cache
def digests() -> Mapping[str, str]:
    """Return the digest of every file, by name; 4 ms, once for a process.

    The files are a part of the package, so that what they are cannot change while it runs.
    """
    files = (path for path in sorted(FOLDER.iterdir()) if path.is_file())
    return MappingProxyType({path.name: digest_of(path.read_bytes()) for path in files})


def digest_of(body: bytes) -> str:
    """Return a digest of *body*, 18 characters."""
    return hashlib.blake2b(body, digest_size=DIGEST_BYTES).hexdigest()


def read_asset(name: str) -> bytes:
    """Return the bytes of a file.

    Raises: KeyError: there is no such file.
    """
    # SECURITY: only a name that is known is ever made a path.
    if name not in digests():
        raise KeyError(name)
    return (FOLDER / name).read_bytes()


def media_type_of(name: str) -> str:
    """Return the media type of a file by its name."""
    return next(media_type for ending, media_type in MEDIA_TYPES if name.endswith(ending))


def asset_url(name: str, root: str) -> str:
    """Return the address of a file that may be kept for ever, because its digest is in it."""
    return f"{root}/docs/static/{name}?v={digests()[name]}"
