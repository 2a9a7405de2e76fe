"""The database: one engine, a session for each request, portable types, migrations.

Always there; ``sqlalchemy.url`` names the database. A view gets ``request.dbsession`` and
``request.tm`` as in every Pyramid application; a generated read does not open a
transaction at all, it takes a connection in autocommit for one statement.
"""

from typing import Any

from benben.db.engine import DatabaseSettings, build_engine, build_probe
from benben.db.failures import PROBLEMS, register_database_failures
from benben.db.importers import add_importer
from benben.db.migrate import MigrateSettings, migrate_on_start
from benben.db.runner import Runner
from benben.db.session import register_sessions
from benben.kernel.plugin import Plugin

PLUGIN = Plugin(
    name="db",
    summary="Engine, sessions, transactions and migrations.",
    settings=(DatabaseSettings, MigrateSettings),
    problems=PROBLEMS,
)


def includeme(config: Any) -> None:
    """Build the engine and put sessions and transactions on the request."""
    settings = config.add_plugin(PLUGIN)
    engine = build_engine(settings)
    config.registry.engine = engine
    config.registry.probe = build_probe(settings, engine)
    config.registry.runner = Runner(engine)
    config.registry.importers = {}
    config.registry.assembly.tracked.append(config.registry.importers)
    config.add_directive("add_importer", add_importer)
    register_sessions(config, engine)
    register_database_failures(config)
    config.registry.migrate = migrate_on_start(settings)
    config.registry.migrate_wait_s = settings.migrate_wait
    config.registry.command_timeout_s = settings.command_timeout
    config.add_start(config.registry.migrate)
