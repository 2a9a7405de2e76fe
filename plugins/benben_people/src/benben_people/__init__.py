"""People, written as an OpenAPI file: ``people.yaml`` and five functions, nothing else.

Switch on with ``plugin.people = on``. Serves ``/people`` inside the prefix; whoever is
authenticated may read, writers need the role ``editor``.
"""

from benben.kernel import Plugin

PLUGIN = Plugin(
    name="people",
    summary="People, from an OpenAPI file.",
    version="0.1.0",
    migrations="benben_people:migrations",
)


def includeme(config):
    """Serve the file."""
    config.add_plugin(PLUGIN)
    config.add_contract("people", "people.yaml", handlers="benben_people.handlers", rules={"write": "role:editor"})
