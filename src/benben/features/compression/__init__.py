"""Compressed answers: zstd, br and gzip, by Accept-Encoding.

Switch on with ``plugin.compression = on``; needs the extra ``compression``. Behind a proxy that
compresses by itself it is better left off.

It stands in the band nearest to the server, inside what observes: whatever keeps an answer to give
it again, a cache or an idempotency key, keeps the plain one, which fits every caller.
"""

from typing import Any

from benben.features.compression.settings import CompressionSettings
from benben.features.compression.tweens import compression_tween
from benben.kernel.plugin import Plugin

PLUGIN = Plugin(name="compression", summary="Compressed answers.", settings=(CompressionSettings,))


def includeme(config: Any) -> None:
    """Wrap every answer."""
    settings = config.add_plugin(PLUGIN)
    config.add_band_tween(compression_tween(settings), band="observe")
