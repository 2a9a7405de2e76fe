"""The addresses."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from bench.peers.drf.views import BookViewSet, BookWithAuthorViewSet

router = SimpleRouter(trailing_slash=False)
router.register("books", BookViewSet)
router.register("books-with-author", BookWithAuthorViewSet, basename="books-with-author")
urlpatterns = router.urls
