"""Cross-origin resource sharing: which web pages of other origins may use the API.

Switch on with ``plugin.cors = on`` and name the pages' origins in ``cors.origins``; a service may
have others, ``service.<name>.cors.origins``. The question that a browser asks before a request is
answered before anybody is authenticated. Every answer says ``Vary: Origin``, and an error carries
the same permission as a success, so that a page can read the problem.

This decides what a browser gives to a page. It keeps nobody from sending a request.
"""

from typing import Any

from pyramid.events import NewResponse

from benben.features.cors.problems import OriginRefused
from benben.features.cors.services import CORS, cors_mistakes
from benben.features.cors.settings import CORSSettings
from benben.features.cors.tweens import HeaderWriter, cors_tween
from benben.kernel.plugin import Plugin

PLUGIN = Plugin(
    name="cors",
    summary="Web pages of other origins may use the API.",
    settings=(CORSSettings,),
    problems=(OriginRefused,),
)


def includeme(config: Any) -> None:
    """Answer preflights in front of everything, and write the headers behind everything."""
    settings = config.add_plugin(PLUGIN)
    cors = CORS(config.registry, settings)
    config.add_band_tween(cors_tween(cors), band="observe")
    # An event and no tween, because the answers that the edge makes itself pass no band.
    config.add_subscriber(HeaderWriter(cors), NewResponse)
    config.add_check(cors_mistakes(cors))
