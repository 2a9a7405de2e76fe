"""The refusals that only the server gives: the request never reaches the application.

Source: RFC 9110, 15.5 and 15.6; RFC 6585 (431).
"""

from __future__ import annotations

from typing import Any

from benben.kernel.plugin import Plugin
from benben.kernel.problems import Problem


class RequestTimeout(Problem):
    """The request did not arrive in the time that the server waits for it."""

    code, status, title = "request-timeout", 408, "The request did not arrive in time"
    hint = "Send the request at once; a large body may need a better line or a smaller part."


class UriTooLong(Problem):
    """The request target is longer than the server reads."""

    code, status, title = "uri-too-long", 414, "The URL is too long"
    hint = "Send fewer or shorter parameters."


class ExpectationFailed(Problem):
    """The Expect header asks for something that the server does not know."""

    code, status, title = "expectation-failed", 417, "The expectation is not known"
    hint = "`100-continue` is the one expectation there is."


class HeadersTooLarge(Problem):
    """The headers are more, or larger, than the server reads."""

    code, status, title = "headers-too-large", 431, "The headers are too large"
    hint = "Send fewer or shorter headers; often a cookie has grown."


class TransferCodingNotImplemented(Problem):
    """The body is sent in a transfer coding other than ``chunked``."""

    code, status, title = "transfer-coding-not-implemented", 501, "The transfer coding is not implemented"
    hint = "Send a Content-Length, or `Transfer-Encoding: chunked`."


class VersionNotSupported(Problem):
    """The major version of HTTP is not 1."""

    code, status, title = "http-version-not-supported", 505, "The HTTP version is not supported"
    hint = "Use HTTP/1.1; a proxy in front may speak other versions."


PROBLEMS: tuple[type[Problem], ...] = (
    RequestTimeout,
    UriTooLong,
    ExpectationFailed,
    HeadersTooLarge,
    TransferCodingNotImplemented,
    VersionNotSupported,
)

PLUGIN = Plugin(name="server", summary="What the server refuses by itself.", problems=PROBLEMS)


def includeme(config: Any) -> None:
    """Put them into the catalogue, so that each has its page."""
    config.add_plugin(PLUGIN)
