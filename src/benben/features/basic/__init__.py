"""HTTP Basic authentication by the users of identity. Source: RFC 7617.

Switch on with ``plugin.basic = on``; needs ``plugin.identity``. Name and password come with every
request and are verified once in ``basic.cache_ttl`` seconds. Over plain HTTP they are refused;
``basic.plain_http = localhost`` lets them pass from this very machine.
"""

from typing import Any

from benben.features.basic.problems import PROBLEMS
from benben.features.basic.services import Basic, Verified
from benben.features.basic.settings import BasicSettings
from benben.kernel import Plugin

PLUGIN = Plugin(
    name="basic",
    summary="HTTP Basic by name and password.",
    settings=(BasicSettings,),
    requires=("identity",),
    problems=PROBLEMS,
)


def includeme(config: Any) -> None:
    """Add the scheme."""
    settings = config.add_plugin(PLUGIN)
    verified = Verified(config.registry.identity, ttl_s=settings.cache_ttl, size=settings.cache_size)
    basic = Basic(verified, settings, notify=config.registry.notify)
    config.add_authenticator("Basic", basic, challenge=basic.challenge)
