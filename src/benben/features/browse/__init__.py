"""Pages for browsers: every address of the API answers a person with a page.

Switch on with ``plugin.browse = on``; needs ``plugin.session`` and the extra ``browse``. Whoever
prefers HTML gets a page with the answer, links, filters and a form for each method that they may
use; everybody else gets the bytes that they got before. The forms work without a script and reach
the views as the JSON that any client would send.
"""

from __future__ import annotations

from typing import Any

from pyramid.viewderivers import INGRESS

from benben.features.browse.pages import Pages
from benben.features.browse.services.catalogue import Catalogue
from benben.features.browse.settings import BrowseSettings
from benben.features.browse.tweens import form_tween, noting, options_tween, page_tween
from benben.features.browse.views import assets_service
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="browse",
    summary="A page with forms for every address.",
    settings=(BrowseSettings,),
    requires=("session",),
    permissions=(Permission("browse.read", "public", "Read the style and the script of the pages."),),
    outside=True,
)


def includeme(config: Any) -> None:
    """Show pages to browsers, and take their forms."""
    settings = config.add_plugin(PLUGIN)
    catalogue = Catalogue(config.registry)
    config.add_band_tween(page_tween(Pages(catalogue, settings), catalogue), band="observe", is_outermost=True)
    config.add_band_tween(options_tween(catalogue), band="guard")
    config.add_band_tween(form_tween(catalogue), band="guard")
    config.add_view_deriver(noting(catalogue), name="browse", under=INGRESS, over="secured_view")
    config.add_service(assets_service())
