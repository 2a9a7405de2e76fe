"""Things to do.

Switch on with ``plugin.todos = on``. Serves ``/todos`` inside the prefix; whoever is
authenticated may read and write.
"""

from benben.kernel import Plugin
from benben.resource import Resource
from benben_todos.models import Todo
from benben_todos.schemas import TodoSchema
from benben_todos.settings import TodoSettings

PLUGIN = Plugin(
    name="todos",
    summary="Things to do.",
    version="0.1.0",
    settings=(TodoSettings,),
    migrations="benben_todos:migrations",
)


def includeme(config):
    """Add the resource."""
    settings = config.add_plugin(PLUGIN)
    config.add_resource(
        Resource(
            name="todos",
            model=Todo,
            schema=TodoSchema,
            page_size=settings.page_size,
            write="authenticated",
            summary="Things to do.",
        )
    )
