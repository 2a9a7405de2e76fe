"""What an operator can set."""

from benben.kernel.settings import Setting, Settings, Whole, Words


class CompressionSettings(Settings):
    """``compression.*``."""

    prefix = "compression"

    encodings = Setting(
        Words("zstd", "br", "gzip"),
        default=("zstd", "br", "gzip"),
        help="The content codings that are offered, the preferred one first.",
    )
    min_size = Setting(Whole(0, 10**9), default=500, unit="bytes", help="Smaller answers stay as they are.")
