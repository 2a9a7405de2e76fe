"""What a country and a city look like on the wire."""

from __future__ import annotations

from benben.rest.nodes import Enum, Float, Integer, Node, Schema, String

CONTINENTS = ("AF", "AN", "AS", "EU", "NA", "OC", "SA")
LARGEST = 2**53


class CountrySchema(Schema):
    """A country; its code is its key and is chosen by whoever creates it."""

    code = Node(String(pattern="[A-Z]{2}"), example="JP", help="The code of ISO 3166, which is the key.")
    name = Node(String(100, min_length=1, allow_blank=False), example="Japan")
    continent = Node(Enum(CONTINENTS), example="AS")
    capital = Node(String(100), nullable=True, missing=None, example="Tokyo")
    population = Node(Integer(minimum=0, maximum=LARGEST), nullable=True, missing=None)
    area_km2 = Node(Float(minimum=0), nullable=True, missing=None, unit="km²")


class CitySchema(Schema):
    """A city."""

    id = Node(Integer(), read_only=True, help="The number of GeoNames; from 1,000,000,000 on that of a city added here.")
    name = Node(String(200, min_length=1, allow_blank=False), example="Sapporo")
    country_code = Node(String(pattern="[A-Z]{2}"), example="JP", help="The country; see /countries.")
    population = Node(Integer(minimum=0, maximum=LARGEST))
    latitude = Node(Float(minimum=-90, maximum=90), unit="°")
    longitude = Node(Float(minimum=-180, maximum=180), unit="°")
    timezone = Node(String(64, min_length=1), example="Asia/Tokyo", help="A name of the IANA database.")
