"""The tables: countries and their cities."""

from __future__ import annotations

from sqlalchemy import BigInteger, Float, ForeignKey, Identity, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from benben.db.models import model_base

FIRST_OWN_ID = 1_000_000_000
"""Where the keys of cities begin that somebody adds here; GeoNames counts up from below."""

Base = model_base()


class Country(Base):
    """A country or a territory with a code of ISO 3166."""

    __tablename__ = "places_country"

    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    name: Mapped[str] = mapped_column(String(100), index=True)
    continent: Mapped[str] = mapped_column(String(2))
    capital: Mapped[str | None] = mapped_column(String(100))
    population: Mapped[int | None] = mapped_column(BigInteger)
    area_km2: Mapped[float | None] = mapped_column(Float)
    cities: Mapped[list[City]] = relationship(back_populates="country")


class City(Base):
    """A city; its key is that of GeoNames, or one of our own from `FIRST_OWN_ID` on."""

    __tablename__ = "places_city"
    __table_args__ = (
        Index("ix_places_city_name_id", "name", "id"),
        Index("ix_places_city_population_id", "population", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Integer, Identity(start=FIRST_OWN_ID), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    name: Mapped[str] = mapped_column(String(200))
    country_code: Mapped[str] = mapped_column(ForeignKey("places_country.code"), index=True)
    population: Mapped[int] = mapped_column(BigInteger)
    latitude: Mapped[float] = mapped_column(Float)
    longitude: Mapped[float] = mapped_column(Float)
    timezone: Mapped[str] = mapped_column(String(64))
    country: Mapped[Country] = relationship(back_populates="cities")
