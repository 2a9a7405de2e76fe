"""How often somebody may call: rates for users, API keys, addresses, roles and services.

Switch on with ``plugin.ratelimit = on``; needs the extra ``ratelimit``, and ``redis`` where
``ratelimit.storage`` is one. A caller who is known has a budget of their own, whatever else comes
from their address. What is over it is refused in the band ``guard``, before a connection to the
database is taken. Logins have limits of their own.
"""

from typing import Any

from benben.features.ratelimit.problems import PROBLEMS
from benben.features.ratelimit.services.limiter import Limiter
from benben.features.ratelimit.services.logins import Logins
from benben.features.ratelimit.services.plans import read_plans
from benben.features.ratelimit.services.stores import build_store
from benben.features.ratelimit.settings import RatelimitSettings
from benben.features.ratelimit.tweens import ratelimit_tween, strangers_tween
from benben.kernel.plugin import Plugin
from benben.security.events import LoginAttempted, LoginBegan, PartRequested

PLUGIN = Plugin(name="ratelimit", summary="How often somebody may call.", settings=(RatelimitSettings,), problems=PROBLEMS)


def includeme(config: Any) -> None:
    """Count every request before it costs anything, and every login before its secret is looked at."""
    settings = config.add_plugin(PLUGIN)
    store = build_store(settings)
    plans = read_plans(config.registry, settings)
    limiter = config.registry.ratelimit = Limiter(config.registry, store, plans)
    logins = Logins(store, settings)
    config.add_band_tween(strangers_tween(limiter), band="observe")
    config.add_band_tween(ratelimit_tween(limiter), band="guard")
    config.add_subscriber(limiter.take_part, PartRequested)
    config.add_subscriber(logins.begin, LoginBegan)
    config.add_subscriber(logins.end, LoginAttempted)
    config.add_check(plans.mistakes)
    config.add_start(store.start)
    config.add_stop(store.stop)
