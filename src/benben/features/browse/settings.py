"""What an operator can set of the pages."""

from __future__ import annotations

from benben.kernel import Setting, Settings, Switch, Whole


class BrowseSettings(Settings):
    """``browse.*``."""

    prefix = "browse"

    script = Setting(Switch(), default=True, help="Pages load a small script that finds related rows while one types.")
    choices = Setting(Whole(1, 20), default=20, unit="rows", help="How many related rows are offered at once.")
    shown_bytes = Setting(
        Whole(1_000, 10_000_000), default=500_000, unit="bytes", help="A larger answer is not shown on its page, only linked."
    )
