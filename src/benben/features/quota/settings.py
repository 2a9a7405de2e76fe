"""What an operator can set: how much, for whom, and how often it is written."""

from __future__ import annotations

from typing import Any

import colander

from benben.features.quota.services.amounts import read_allowance
from benben.kernel.settings import Choice, Setting, Settings, Whole, Words


class Amounts(colander.SchemaType):
    """``requests=100k rows=5M bytes=10GB``, or ``off`` for no limit."""

    expects = "amounts such as requests=100k rows=5M bytes=10GB, or off"

    def deserialize(self, node: Any, text: str) -> Any:
        """Return the `Allowance`."""
        try:
            return read_allowance(text)
        except ValueError as exc:
            raise colander.Invalid(node, self.expects) from exc


class QuotaSettings(Settings):
    """``quota.*``; ``quota.role.<role>`` is read beside it."""

    prefix = "quota"

    default = Setting(
        Amounts(),
        default=read_allowance("off"),
        help="What a user, key or tenant has in a month, unless a role has another; off counts and limits nothing.",
    )
    by = Setting(
        Choice("user", "key", "tenant"),
        default="user",
        help="Who has a quota together: each user, each API key or each tenant; who has no key or tenant is a user.",
    )
    flush = Setting(
        Whole(1, 3_600), default=5, unit="s", help="How often what was used is written; a crash loses what was used since."
    )
    keep = Setting(Whole(1, 1_200), default=25, unit="months", help="How long the numbers of a month are kept.")
    exempt = Setting(Words(), default=("health", "metrics", "quota"), help="Services that are not counted.")
