"""What a service that is written as a contract refuses, beside what every endpoint refuses."""

from __future__ import annotations

from benben.kernel.problems import Problem


class AnswerBreaksContract(Problem):
    """The server was about to answer something that its contract does not allow; nothing was changed.

    What is wrong with the answer stands in the log of the server, under the request id.
    """

    code, status, title = "contract-answer-broken", 500, "The answer does not keep the contract"
    hint = "Tell the operator the request id in `instance`."


class HandlerMissing(Problem):
    """The contract describes this operation, and nothing on this server carries it out yet."""

    code, status, title = "contract-handler-missing", 501, "The operation is not built yet"
    hint = "Ask the operator; `contract.missing = mock` answers it from the examples of the contract."


PROBLEMS: tuple[type[Problem], ...] = (AnswerBreaksContract, HandlerMissing)
