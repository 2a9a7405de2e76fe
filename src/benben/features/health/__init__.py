"""Is this process alive, and may it get requests?

Switch on with ``plugin.health = on``. ``/health/live`` answers 200 while the process can
answer at all; ``/health/ready`` 503 while the database is away, migrations are pending or the
server is draining.

A plugin that requires ``health`` adds a check with ``config.add_health_check(name, check)``:
a callable that returns the empty string, or a few public words on what is wrong, or raises.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from benben.features.health.problems import PROBLEMS
from benben.features.health.services import Check, Checks, Reach, check_database, check_migrations
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


def includeme(config: Any) -> None:
    """Serve both answers."""
    settings = config.add_plugin(PLUGIN)
    registry = config.registry
    registry.health = Checks(settings.timeout)
    config.add_directive("add_health_check", add_health_check)
    config.add_health_check("database", partial(check_database, registry.probe))
    config.add_health_check("migrations", partial(check_migrations, Reach(registry.probe, registry.assembly)))
    config.add_service(live_service())
    config.add_service(ready_service(registry.health))


def add_health_check(config: Any, name: str, check: Check) -> None:
    """Make the readiness of the process depend on *check*; two of one name are a conflict."""
    # As an action, so that a plugin which fails later in its includeme leaves no check behind.
    config.action(("health check", name), partial(config.registry.health.add, name, check))
