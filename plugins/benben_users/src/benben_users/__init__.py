"""Users and their notes: plain Pyramid, and an operation.

Switch on with ``plugin.users = on``. Serves ``/users``, ``/users/{name}`` and the notes below it
inside the prefix. Everything is an ordinary route, view, context or utility, so that another
package changes any of it by ordinary Pyramid calls.
"""

from benben.kernel import Permission, Plugin
from benben_users.interfaces import INoteSchema
from benben_users.operations import create_user
from benben_users.resources import Note, Notes, Person
from benben_users.schemas import NoteSchema
from benben_users.views import add_note, list_notes, list_users, remove_note, show_note, show_user

PLUGIN = Plugin(
    name="users",
    summary="Users and their notes.",
    version="0.1.0",
    requires=("identity",),
    permissions=(
        Permission("users.list", "role:admin", "List users."),
        Permission("users.create", "role:admin", "Add users."),
        Permission("users.read", "role:admin", "See somebody; everybody sees themselves."),
        Permission("users.note.read", "nobody", "Read a note: its owner, and whom it is shared with."),
        Permission("users.note.write", "nobody", "Write notes: their owner."),
    ),
    migrations="benben_users:migrations",
)


def includeme(config):
    """Add routes, views and the schema of a note."""
    config.add_plugin(PLUGIN)
    config.add_directive("set_note_schema", set_note_schema)
    config.set_note_schema(NoteSchema())
    # Before the operation of the same path, which answers its own method alone.
    config.add_route("users", "/users", request_method="GET")
    config.add_operations(create_user)
    config.add_route("users.user", "/users/{name}", factory=Person)
    config.add_route("users.notes", "/users/{name}/notes*traverse", factory=Notes)
    config.add_view(list_users, route_name="users", renderer="json", permission="users.list")
    config.add_view(show_user, route_name="users.user", request_method="GET", renderer="json", permission="users.read")
    for view, context, method, permission in (
        (list_notes, Notes, "GET", "users.note.read"),
        (add_note, Notes, "POST", "users.note.write"),
        (show_note, Note, "GET", "users.note.read"),
        (remove_note, Note, "DELETE", "users.note.write"),
    ):
        where = {"route_name": "users.notes", "context": context, "request_method": method}
        config.add_view(view, renderer="json", permission=permission, **where)


def set_note_schema(config, schema):
    """Take *schema* for what a note has to be; the outer include wins, as with any action of Pyramid."""
    config.action(("users", "note schema"), lambda: config.registry.registerUtility(schema, INoteSchema))
