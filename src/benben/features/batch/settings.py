"""What an operator can set."""

from benben.kernel.settings import Setting, Settings, Whole


class BatchSettings(Settings):
    """``batch.*``."""

    prefix = "batch"

    max_requests = Setting(Whole(1, 10_000), default=100, unit="requests", help="Requests in one batch.")
    max_bytes = Setting(
        Whole(1, 10**12),
        default=20 * 2**20,
        unit="bytes",
        help="What the answers of one batch and the values that its references repeat may have in all.",
    )
