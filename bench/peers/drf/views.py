"""The viewsets."""

from __future__ import annotations

from typing import Any

from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from bench.peers.drf.models import Book
from bench.peers.drf.serializers import BookSerializer, BookWithAuthorSerializer


class Pages(CursorPagination):
    """Pages by cursor, which the documentation recommends for large tables: nothing is counted."""

    page_size = 50
    page_size_query_param = "limit"
    ordering = "id"


class BookViewSet(viewsets.ModelViewSet):
    """Books."""

    queryset = Book.objects.all()
    serializer_class = BookSerializer
    pagination_class = Pages
    filterset_fields = {"price": ("gte",)}
    ordering_fields = ("id", "title", "price")

    @action(detail=False, methods=["post"])
    def bulk(self, request: Any) -> Response:
        """Create many books, by ``many=True``."""
        serializer = self.get_serializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class BookWithAuthorViewSet(viewsets.ReadOnlyModelViewSet):
    """Books with their authors."""

    queryset = Book.objects.select_related("author")
    serializer_class = BookWithAuthorSerializer
    pagination_class = Pages
    filterset_fields = {"price": ("gte",)}
    ordering_fields = ("id", "title", "price")
