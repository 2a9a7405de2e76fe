"""A library: books, their authors and their covers.

Switch on with ``plugin.books = on``. Serves ``/books``, ``/authors`` and ``/covers`` inside the prefix;
readers must be authenticated, writers need the role ``editor``.
"""

from benben.kernel import Plugin
from benben_books.resources import author_resource, book_resource, cover_resource
from benben_books.settings import BookSettings

PLUGIN = Plugin(
    name="books",
    summary="A library of books and their authors.",
    version="0.1.0",
    settings=(BookSettings,),
    migrations="benben_books:migrations",
)


def includeme(config):
    """Add the resources."""
    settings = config.add_plugin(PLUGIN)
    config.add_resource(author_resource(settings))
    config.add_resource(book_resource(settings))
    config.add_resource(cover_resource(settings))
