"""Is this process alive, and may it get requests?

Switch on with ``plugin.health = on``. ``/health/live`` answers 200 while the process can
answer at all; ``/health/ready`` 503 while the database is away, migrations are pending or the
server is draining. A plugin adds a check with ``config.add_health_check(name, callable)``.
"""

from benben.features.health.problems import PROBLEMS
from benben.features.health.services import Checks, check_database, check_migrations
from benben.features.health.settings import HealthSettings
from benben.features.health.views import live_service, ready_service
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="health",
    summary="Liveness and readiness.",
    settings=(HealthSettings,),
    permissions=(Permission("health.read", "public", "Ask whether this process is well."),),
    problems=PROBLEMS,
    outside=True,
)


def includeme(config):
    """Serve both answers."""
    settings = config.add_plugin(PLUGIN)
    checks = Checks(settings.timeout)
    config.add_directive("add_health_check", lambda config, name, check: checks.add(name, check))
    checks.add("database", lambda: check_database(config.registry.probe))
    checks.add("migrations", lambda: check_migrations(config.registry))
    config.add_service(live_service())
    config.add_service(ready_service(checks))
