"""What every endpoint shares: services, strict bodies, schemas, preconditions, cursors."""

from functools import partial
from typing import Any

from benben.kernel.plugin import Plugin
from benben.kernel.settings import Setting, Settings, Text
from benben.rest.cursors import Cursors
from benben.rest.formats import BUILT_IN, Formats, add_format
from benben.rest.keys import derive_key
from benben.rest.problems import PROBLEMS
from benben.rest.service import Services, add_service, service_mistakes

SHORTEST_SECRET = 32


class SecretSettings(Settings):
    """``benben.secret``: what cursors and sessions are signed with."""

    prefix = "benben"

    secret = Setting(
        Text(f"at least {SHORTEST_SECRET} characters", shortest=SHORTEST_SECRET),
        secret=True,
        help="A random text that signs cursors and sessions; the same on every machine, for example $env:BENBEN_KEY.",
    )


PLUGIN = Plugin(name="rest", summary="Services, bodies, schemas.", settings=(SecretSettings,), problems=PROBLEMS)


def includeme(config: Any) -> None:
    """Give plugins ``config.add_service``."""
    settings = config.add_plugin(PLUGIN)
    services = config.registry.services = Services()
    formats = config.registry.formats = Formats(BUILT_IN)
    config.registry.assembly.tracked.append(formats.all)
    config.registry.assembly.tracked += [services.endpoints, services.policies]
    secret = (settings.secret or "").encode()
    config.registry.cursors = Cursors(secret)
    config.registry.derive_key = partial(derive_key, secret)
    config.add_directive("add_service", add_service)
    config.add_directive("add_format", add_format)
    config.add_check(service_mistakes)
