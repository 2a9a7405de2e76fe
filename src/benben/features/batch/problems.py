"""What a batch refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benben.kernel.problems import Problem


class BatchFailed(Problem):
    """A request of the batch was refused, so that none of them has changed anything.

    Its status is that of the refused request.
    """

    code, status, title = "batch-failed", 400, "A request of the batch was refused"
    hint = "`failed` is the place of the refused request; `responses` has its answer and those before it."

    def __init__(self, status: int, responses: list[Any], headers: Mapping[str, str]) -> None:
        failed = len(responses) - 1
        detail = f"Request {failed} was answered {status}; nothing was changed."
        super().__init__(detail, headers=headers, failed=failed, responses=responses)
        self.status = status  # type: ignore[misc]  # the class has a default, an occurrence its own


class BatchTooExpensive(Problem):
    """The answers of the batch, or what its references repeat, are too much for one answer; nothing was changed."""

    code, status, title = "batch-too-expensive", 400, "The batch asks for too much at once"
    hint = "Split the batch, or ask each request for less: a lower limit, fewer fields, `Prefer: return=minimal`."


class BatchNested(Problem):
    """A batch holds another batch; that one was not run."""

    code, status, title = "batch-nested", 400, "A batch holds no batch"
    hint = "Put the requests of the inner batch into the outer one."


class AnswerNotShown(Problem):
    """What a request of the batch answers is neither JSON nor a text, or has no end; it was undone."""

    code, status, title = "batch-answer-not-shown", 400, "A batch cannot show this answer"
    hint = "Accept `application/json` and leave `limit=all` out, or send the request by itself."


PROBLEMS = (BatchFailed, BatchTooExpensive, BatchNested, AnswerNotShown)
