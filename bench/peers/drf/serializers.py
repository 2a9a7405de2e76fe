"""The serializers."""

from __future__ import annotations

from rest_framework import serializers

from bench.peers.drf.models import Author, Book

FIELDS = ("id", "title", "author_id", "published_date", "isbn", "price", "created_at", "updated_at")


class AuthorSerializer(serializers.ModelSerializer):
    """An author."""

    class Meta:
        model = Author
        fields = ("id", "name", "created_at", "updated_at")


class BookSerializer(serializers.ModelSerializer):
    """A book."""

    author_id = serializers.PrimaryKeyRelatedField(source="author", queryset=Author.objects.all())

    class Meta:
        model = Book
        fields = FIELDS


class BookWithAuthorSerializer(BookSerializer):
    """A book with its author."""

    author = AuthorSerializer(read_only=True)

    class Meta:
        model = Book
        fields = (*FIELDS, "author")
