"""How an answer is framed, and what is answered when there is none.

Differences from the tasks of waitress: a refusal is ``application/problem+json``; an answer
to HEAD has no body, whatever the application gives; 204, 304 and chunked answers keep the
connection; the status line and a small body leave in one packet; there is no Server header.

Source: RFC 9112, 6 and 9; RFC 9110, 9.3.2 and 8.6.
"""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any

from waitress.channel import ClientDisconnected
from waitress.task import ErrorTask, Task, WSGITask
from waitress.utilities import build_http_date

from benben.kernel.problems import InternalError, Problem, cut, respond
from benben.server.state import ENVIRON_KEY

logger = logging.getLogger("benben.server")

SOFTWARE = "benben"
# Above it, joining the head and the body costs more than a second packet.
ONE_PACKET_BYTES = 64 * 1024


class FramedTask(Task):
    """The framing that both tasks share."""

    content_length: int | None
    wrote_header: bool

    @property
    def _sends_body(self) -> bool:
        return self.request.command != "HEAD" and bool(self.has_body)

    def build_response_header(self) -> bytes:
        """Return the status line and the headers; decide whether the connection stays."""
        lines = [f"HTTP/{self.version} {self.status}"]
        given = set()
        for name, value in self.response_headers:
            key = name.lower()
            # RFC 9110, 8.6: 1xx and 204 have no Content-Length; waitress drops it from 304 too.
            if key != "content-length" or self.has_body:
                lines.append(f"{name}: {value}")
                given.add(key)
        lines += self._framing("content-length" in given)
        if self.close_on_finish and "connection" not in given:
            lines.append("Connection: close")
        elif self.version == "1.0" and not self.close_on_finish:
            lines.append("Connection: keep-alive")
        if "date" not in given:
            lines.append(f"Date: {build_http_date(self.start_time)}")
        ident = self.channel.adj.ident
        if ident and "server" not in given:
            lines.append(f"Server: {ident}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _framing(self, has_length: bool) -> list[str]:
        """Return the header that says where the body ends, if the application gave none."""
        lines = []
        if not has_length and self.has_body:
            if self.content_length is not None:
                lines.append(f"Content-Length: {self.content_length}")
                has_length = True
            elif self.version == "1.1" and self._sends_body:
                lines.append("Transfer-Encoding: chunked")
                self.chunked_response = True
        endless = self._sends_body and not has_length and not self.chunked_response
        if endless or self.request.connection_close or self.channel.server.state.draining:
            self.close_on_finish = True
        return lines

    def write(self, data: bytes) -> None:
        """Send *data*, after the head if this is the first of it."""
        if not self.complete:
            raise RuntimeError("start_response was not called before the body was written")
        head = b"" if self.wrote_header else self.build_response_header()
        body = self._frame(data) if data else b""
        if head and len(body) > ONE_PACKET_BYTES:
            self.channel.write_soon(head)
            head = b""
            self.wrote_header = True
        self.channel.write_soon(head + body if head else body)
        self.wrote_header = True

    def _frame(self, data: bytes) -> bytes:
        if not self._sends_body:
            # The application did its part: its length is not checked against what it wrote.
            self.content_bytes_written += len(data)
            return b""
        if self.chunked_response:
            return b"%X\r\n%b\r\n" % (len(data), data)
        if self.content_length is not None:
            if self.content_bytes_written + len(data) > self.content_length:
                # More would be read as the next answer on this connection.
                logger.warning("%s %s wrote more than its Content-Length", *self._named())
                data = data[: self.content_length - self.content_bytes_written]
            self.content_bytes_written += len(data)
        return data

    def finish(self) -> None:
        """Send what must be sent even if the application wrote nothing."""
        if not self.wrote_header:
            if self.content_length is None and self._sends_body:
                self.content_length = 0
            self.write(b"")
        if self.chunked_response:
            self.channel.write_soon(b"0\r\n\r\n")

    def _named(self) -> tuple[str, str]:
        """Return method and path for a log line: visible ASCII, short, and no secret of a query."""
        return self.request.command, cut(self.request.request_uri.partition("?")[0])


class RefusalTask(FramedTask, ErrorTask):
    """Answers ``request.error`` in the shape of every other problem, and closes."""

    instance = ""

    def execute(self) -> None:
        """Send the problem document."""
        error = self.request.error
        # Only waitress itself puts anything but a Problem there, and only for a failure.
        problem = error if isinstance(error, Problem) else InternalError()
        logger.info("%s refused with %d: %s", self.channel.addr[0], problem.status, problem.detail)
        response = respond(problem, self.instance)
        self.status = response.status
        self.response_headers = list(response.headerlist)
        self.content_length = len(response.body)
        self.close_on_finish = True
        self.write(response.body)


class AnswerTask(FramedTask, WSGITask):
    """Runs the application for one request."""

    def service(self) -> None:
        """Answer the request; nothing that the application does leaves it unanswered."""
        try:
            super().service()
        except ClientDisconnected:
            logger.info("%s %s: the client left before its answer", *self._named())
            self.close_on_finish = True
        except Problem as exc:
            self._give_up(exc)
        except (Exception, SystemExit) as exc:
            # SystemExit: a plugin that calls sys.exit() would leave the channel waiting for ever.
            instance = uuid.uuid4().hex
            logger.error("%s %s failed, instance %s", *self._named(), instance, exc_info=exc)
            self._give_up(InternalError(), instance)
        finally:
            # Before the channel lets go of the request: from then on the client's time runs.
            self.channel.idle_since_s = time.monotonic()
            self.channel.server.state.count_finished()

    def _give_up(self, problem: Problem, instance: str = "") -> None:
        self.close_on_finish = True
        # After the head is out a cut connection is the only way to say that the rest is missing.
        if not self.wrote_header:
            self.request.error = problem
            refusal = RefusalTask(self.channel, self.request)
            refusal.instance = instance
            try:
                refusal.service()
            except ClientDisconnected:
                logger.info("%s %s: the client left before its refusal", *self._named())

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environ, with the state of the server in ``benben.server``."""
        environ: dict[str, Any] = super().get_environment()
        environ["SERVER_SOFTWARE"] = SOFTWARE
        environ[ENVIRON_KEY] = self.channel.server.state
        if self.request.command == "HEAD":
            # The channel would send a wrapped file by itself, past `write`.
            environ.pop("wsgi.file_wrapper", None)
        return environ
