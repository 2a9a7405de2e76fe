"""What an operator can set."""

from benben.kernel.settings import Setting, Settings, Whole


class BatchSettings(Settings):
    """``batch.*``."""

    prefix = "batch"

    max_requests = Setting(Whole(1, 10_000), default=100, unit="requests", help="Requests in one batch.")
