"""The two resources."""

from typing import Any

from benben.resource import Resource
from benben_places.models import City, Country
from benben_places.schemas import CitySchema, CountrySchema


def country_resource(settings: Any) -> Resource:
    """Return the resource of the countries."""
    return Resource(name="countries", model=Country, schema=CountrySchema, page_size=settings.page_size, summary="Countries.")


def city_resource(settings: Any) -> Resource:
    """Return the resource of the cities."""
    return Resource(name="cities", model=City, schema=CitySchema, page_size=settings.page_size, summary="Cities.")
