"""What an operator can set."""

from benben.kernel import Setting, Settings, Whole


class HealthSettings(Settings):
    """``health.*``."""

    prefix = "health"

    timeout = Setting(Whole(1, 60), default=2, unit="s", help="How long all checks together may take.")
