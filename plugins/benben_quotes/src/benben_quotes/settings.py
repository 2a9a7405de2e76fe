"""What an operator can set of quotes."""

from benben.kernel import Setting, Settings, Whole


class QuoteSettings(Settings):
    """``quotes.*``."""

    prefix = "quotes"

    held = Setting(Whole(1, 100_000), default=1_000, unit="quotes", help="How many of the newest each process holds in memory.")
    recheck = Setting(
        Whole(1, 3600), default=5, unit="s", help="How old what is held may be; new quotes of other processes come with it."
    )
