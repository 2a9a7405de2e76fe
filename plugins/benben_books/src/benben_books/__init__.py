"""A library: books and their authors.

Switch on with ``plugin.books = on``. Serves ``/books`` and ``/authors`` inside the prefix;
readers must be authenticated, writers need the role ``editor``.
"""

from benben.kernel import Plugin
from benben_books.resources import author_resource, book_resource
from benben_books.settings import BookSettings

PLUGIN = Plugin(
    name="books",
    summary="A library of books and their authors.",
    version="0.1.0",
    settings=(BookSettings,),
    migrations="benben_books:migrations",
)


def includeme(config):
    """Add both resources."""
    settings = config.add_plugin(PLUGIN)
    config.add_resource(author_resource(settings))
    config.add_resource(book_resource(settings))
