"""Items: typed functions that are endpoints, commands and calls.

Switch on with ``plugin.items = on``. Serves ``/items`` and ``/items/{item_id}`` inside the prefix.
"""

from benben.kernel import Permission, Plugin
from benben_items.operations import list_items, show_item, update_item

PLUGIN = Plugin(
    name="items",
    summary="Items, by typed functions.",
    version="0.1.0",
    permissions=(
        Permission("items.read", "public", "Read items."),
        Permission("items.write", "authenticated", "Put items."),
    ),
    migrations="benben_items:migrations",
)


def includeme(config):
    """Serve the operations."""
    config.add_plugin(PLUGIN)
    config.add_operations(list_items, show_item, update_item)
