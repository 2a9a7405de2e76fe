"""Quotes: a Cornice service of two methods, answered from memory.

Switch on with ``plugin.quotes = on``. Serves ``/quote`` inside the prefix: one at random or of
one author to everybody, a new one from whoever is authenticated.
"""

from benben.kernel import Permission, Plugin
from benben_quotes.services import Shelf
from benben_quotes.settings import QuoteSettings
from benben_quotes.views import quote_service

PLUGIN = Plugin(
    name="quotes",
    summary="Quotes, one at random or by author.",
    version="0.1.0",
    settings=(QuoteSettings,),
    permissions=(
        Permission("quote.read", "public", "Read quotes."),
        Permission("quote.write", "authenticated", "Add quotes."),
    ),
    migrations="benben_quotes:migrations",
)


def includeme(config):
    """Add the service."""
    settings = config.add_plugin(PLUGIN)
    config.add_service(quote_service(Shelf(config.registry.engine, settings)))
