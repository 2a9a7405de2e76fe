"""The request object of every Benben application."""

from __future__ import annotations

from typing import Any

import pyramid.request

COMMAND = "benben.command"
"""Key of the environ of a request that nobody has sent: the command of the operator that made it."""


class Request(pyramid.request.Request):
    """A Pyramid request with slots for what the bands put on it.

    PERF: WebOb keeps an attribute that the class does not know in a dictionary inside the
    environ, which costs several times an ordinary attribute.
    """

    def make_body_seekable(self) -> None:
        """Make a body that may be read again, for another attempt; most requests have none.

        PERF: WebOb would read even what is not there.
        """
        environ = self.environ
        if environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ or environ.get("wsgi.input_terminated"):
            super().make_body_seekable()

    id: str = ""
    """The request id, 8 to 128 characters of ``[A-Za-z0-9._-]``; also in ``X-Request-Id``."""

    statement_count: int = 0
    """SQL statements that this request has sent."""

    statement_s: float = 0.0
    """Seconds that the database took for them."""

    row_count: int = 0
    """Items of resources that the answer is about: read, written or deleted."""

    validated: Any = None
    """What the schema of the endpoint made of the body."""

    format: Any = None
    """The format of the answer, `benben.rest.formats.Format`; None for what the view gives."""
