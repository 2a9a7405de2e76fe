"""The tables as Django maps them; SQLite keeps prices and instants in its own way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models


class PriceField(models.DecimalField):
    """A decimal that SQLite keeps as a whole number of hundredths."""

    def get_internal_type(self) -> str:
        """Keep Django's own conversion of decimals away."""
        return "BigIntegerField"

    def from_db_value(self, value: Any, _expression: Any, connection: Any) -> Any:
        """Return the decimal."""
        if value is None or connection.vendor != "sqlite":
            return value
        return Decimal(value).scaleb(-2)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what the driver takes."""
        value = value if prepared else self.get_prep_value(value)
        return int(value.scaleb(2)) if value is not None and connection.vendor == "sqlite" else value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Return what the driver takes."""
        return self.get_db_prep_value(value, connection)


class InstantField(models.DateTimeField):
    """An instant that SQLite keeps as text with a zone."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return what the driver takes."""
        if value is None or connection.vendor != "sqlite":
            return super().get_db_prep_value(value, connection, prepared)
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Author(models.Model):
    """Who writes books."""

    name = models.CharField(max_length=100)
    version = models.IntegerField(default=1)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta:
        db_table = "books_author"
        managed = False


class Book(models.Model):
    """A book of one author."""

    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.PROTECT)
    published_date = models.DateField(null=True)
    isbn = models.CharField(max_length=13, unique=True, null=True)
    price = PriceField(max_digits=10, decimal_places=2, null=True)
    version = models.IntegerField(default=1)
    created_at = InstantField(auto_now_add=True)
    updated_at = InstantField(auto_now=True)

    class Meta:
        db_table = "books_book"
        managed = False
