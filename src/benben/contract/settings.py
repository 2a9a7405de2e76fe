"""What an operator can set."""

from __future__ import annotations

from benben.kernel.settings import Choice, Setting, Settings, Words


class ContractSettings(Settings):
    """``contract.*``: services that are written as OpenAPI files."""

    prefix = "contract"

    responses = Setting(
        Choice("error", "log", "off"),
        default="error",
        help="What becomes of an answer that breaks its contract: 500, a line in the log, or it is not looked at.",
    )
    specification = Setting(
        Choice("start", "check"),
        default="start",
        help="When a contract is held against the specification of OpenAPI: at every start, or by `benben check` only.",
    )
    missing = Setting(
        Choice("fail", "501", "mock"),
        default="fail",
        help="What becomes of an operation without a handler: the start fails, it answers 501, or from its examples.",
    )
    mock = Setting(Words(), default=(), help="Contracts that answer from their examples and never call a handler.")
    schemes = Setting(
        Choice("declared", "any"),
        default="declared",
        help="The credentials that a secured operation takes: of a kind that its contract declares, or of any kind.",
    )
