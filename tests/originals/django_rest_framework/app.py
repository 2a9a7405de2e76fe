"""A library as the tutorial and the guide of Django REST framework write it: ModelViewSet, django-filter, search, ordering."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="nothing is signed",
    DEBUG=False,
    ALLOWED_HOSTS=("*",),
    USE_TZ=True,
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=("django.contrib.staticfiles", "rest_framework", "django_filters"),
    STATIC_URL="/static/",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(tempfile.mkdtemp()) / "library.sqlite")}},
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": (),
        "DEFAULT_PERMISSION_CLASSES": (),
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_FILTER_BACKENDS": (
            "django_filters.rest_framework.DjangoFilterBackend",
            "rest_framework.filters.SearchFilter",
            "rest_framework.filters.OrderingFilter",
        ),
    },
)
django.setup()

from django.db import connection, models  # noqa: E402
from rest_framework import pagination, routers, serializers, viewsets  # noqa: E402


class Author(models.Model):
    """Who writes books."""

    name = models.CharField(max_length=100)

    class Meta:
        app_label = "library"


class Book(models.Model):
    """A book of one author."""

    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.PROTECT)
    published_date = models.DateField(null=True, blank=True)
    isbn = models.CharField(max_length=13, unique=True, null=True, blank=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)

    class Meta:
        app_label = "library"


class AuthorSerializer(serializers.ModelSerializer):
    """An author."""

    class Meta:
        model = Author
        fields = ("id", "name")


class BookSerializer(serializers.ModelSerializer):
    """A book."""

    author_id = serializers.PrimaryKeyRelatedField(source="author", queryset=Author.objects.all())

    class Meta:
        model = Book
        fields = ("id", "title", "author_id", "published_date", "isbn", "price")


class Pages(pagination.CursorPagination):
    """Pages by cursor."""

    page_size = 50
    page_size_query_param = "limit"
    ordering = "id"


class AuthorViewSet(viewsets.ModelViewSet):
    """Authors."""

    queryset = Author.objects.all()
    serializer_class = AuthorSerializer
    pagination_class = Pages


class BookViewSet(viewsets.ModelViewSet):
    """Books."""

    queryset = Book.objects.all()
    serializer_class = BookSerializer
    pagination_class = Pages
    filterset_fields = {"title": ("exact", "icontains"), "price": ("exact", "gte", "lte"), "author__name": ("exact",)}
    search_fields = ("title",)
    ordering_fields = ("id", "title", "price")


router = routers.DefaultRouter()
router.register("authors", AuthorViewSet)
router.register("books", BookViewSet)
urlpatterns = router.urls

if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application
    from waitress import serve

    with connection.schema_editor() as editor:
        editor.create_model(Author)
        editor.create_model(Book)
    serve(get_wsgi_application(), host="127.0.0.1", port=int(sys.argv[1]), threads=2, ident=None)
