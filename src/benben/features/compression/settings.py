"""What an operator can set."""

from benben.kernel.settings import Setting, Settings, Whole, Words


class CompressionSettings(Settings):
    """``compression.*``.

    The default levels take less time than the answer took to make; higher ones gain a few per cent.
    """

    prefix = "compression"

    encodings = Setting(
        Words("zstd", "br", "gzip"),
        default=("zstd", "br", "gzip"),
        help="The content codings that are offered, the preferred one first.",
    )
    min_size = Setting(Whole(0, 10**9), default=500, unit="bytes", help="Smaller answers stay as they are.")
    # RFC 9659 allows a window of 8 MiB, which higher levels exceed.
    level_zstd = Setting(Whole(1, 19), name="level.zstd", default=3, help="How hard zstd tries.")
    level_br = Setting(Whole(0, 11), name="level.br", default=4, help="How hard br tries.")
    level_gzip = Setting(Whole(1, 9), name="level.gzip", default=5, help="How hard gzip tries.")
