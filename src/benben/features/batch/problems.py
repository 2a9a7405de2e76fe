"""What a batch refuses."""

from __future__ import annotations

from typing import Any

from benben.kernel.problems import Problem


class BatchFailed(Problem):
    """A request of the batch was refused, so that none of them has changed anything.

    Its status is that of the refused request.
    """

    code, status, title = "batch-failed", 400, "A request of the batch was refused"
    hint = "`failed` is the place of the refused request; `responses` has its answer and those before it."

    def __init__(self, status: int, failed: int, responses: list[Any]) -> None:
        super().__init__(f"Request {failed} was answered {status}; nothing was changed.", failed=failed, responses=responses)
        self.status = status  # type: ignore[misc]  # the class has a default, an occurrence its own
