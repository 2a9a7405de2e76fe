"""The refusals of the protocol layer: bodies, preconditions, cursors.

What a schema refuses is ``InvalidInput``, and media types have their problems in the
kernel's catalogue already.
"""

from __future__ import annotations

from collections.abc import Iterable

from benben.kernel.problems import Problem


class MalformedJSON(Problem):
    """The body is not JSON text in UTF-8; ``offset`` is the first byte that cannot be read."""

    code, status, title = "malformed-json", 400, "The body is not JSON"
    hint = "Send JSON of RFC 8259 in UTF-8: no byte order mark, no NaN, no trailing comma."


class DuplicateKey(Problem):
    """An object of the body names one key twice, so that two readers may see two values."""

    code, status, title = "duplicate-key", 400, "The body names a key twice"
    hint = "Send each key of an object once; `errors` points at the second one."


class JSONTooComplex(Problem):
    """The body is JSON, but nests deeper or holds more than this server reads."""

    code, status, title = "json-too-complex", 400, "The body is too complex"
    hint = "`limit` names the bound that was passed and `maximum` is its value; split the request."


class MalformedPrecondition(Problem):
    """An If-Match or If-None-Match header is not a list of entity tags."""

    code, status, title = "malformed-precondition", 400, "A precondition cannot be read"
    hint = 'Send the ETag as it was given, quotes included: `If-Match: "v7"`, or `*`.'


class PreconditionFailed(Problem):
    """What is stored is not what the caller's precondition names; nothing was done."""

    code, status, title = "precondition-failed", 412, "The precondition does not hold"
    hint = "Read the current state, decide, and send the request again with its ETag."


class PreconditionRequired(Problem):
    """The address is only written to by callers who say which state they saw."""

    code, status, title = "precondition-required", 428, "A precondition is required"
    hint = "Send If-Match with the ETag of the state that you saw."


class InvalidCursor(Problem):
    """The cursor was not given by this list with this order and these filters."""

    code, status, title = "invalid-cursor", 400, "The cursor cannot be used"
    hint = "Follow `next` of the page before, unchanged; or leave the cursor out to begin again."


class InvalidPreference(Problem):
    """A preference is not known or cannot be read, and the caller wants that to be strict."""

    code, status, title = "invalid-preference", 400, "A preference cannot be heeded"
    hint = "Correct the Prefer header, or leave `handling=strict` out."


class MalformedPatch(Problem):
    """The body is not a list of operations of JSON Patch; nothing was done."""

    code, status, title = "malformed-patch", 400, "The body is not a JSON patch"
    hint = "Send a list of operations, each with `op` and `path`, as RFC 6902 describes them."


class PatchTestFailed(Problem):
    """A `test` of the patch does not hold for what is stored; nothing was done."""

    code, status, title = "patch-test-failed", 409, "A test of the patch does not hold"
    hint = "Read the current state, decide, and send a patch for it."


class PatchNotApplicable(Problem):
    """An operation of the patch names a place that is not there; nothing was done."""

    code, status, title = "patch-not-applicable", 409, "The patch does not fit what is stored"
    hint = "Read the current state and send a patch for it; `errors` names the operation."


PROBLEMS: tuple[type[Problem], ...] = (
    MalformedJSON,
    DuplicateKey,
    JSONTooComplex,
    MalformedPrecondition,
    PreconditionFailed,
    PreconditionRequired,
    InvalidCursor,
    InvalidPreference,
    MalformedPatch,
    PatchTestFailed,
    PatchNotApplicable,
)


def pointer_to(parts: Iterable[str | int]) -> str:
    """Return the JSON pointer to *parts*; the empty string is the whole document.

    Source: RFC 6901, section 3.
    """
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
