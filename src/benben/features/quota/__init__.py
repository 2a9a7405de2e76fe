"""How much somebody may use in a month: requests, rows and bytes, by user, API key or tenant.

Switch on with ``plugin.quota = on``; needs its table. Months are those of the calendar, in UTC.
What is used is gathered in memory and written every few seconds, so that no request pays for a
write; a process that dies loses what it has gathered since. ``GET /quota`` says what the caller
has used. Strangers have no quota: `ratelimit` is for them.
"""

from typing import Any

from benben.features.quota.problems import QuotaExceeded
from benben.features.quota.services.ledger import Ledger
from benben.features.quota.services.quotas import Quotas, read_allowances
from benben.features.quota.settings import QuotaSettings
from benben.features.quota.tweens import quota_tween
from benben.features.quota.views import quota_service
from benben.kernel.plugin import Permission, Plugin
from benben.security.events import PartRequested

PLUGIN = Plugin(
    name="quota",
    summary="How much somebody may use in a month.",
    settings=(QuotaSettings,),
    permissions=(Permission("quota.read", "authenticated", "See what one has used oneself."),),
    problems=(QuotaExceeded,),
    migrations="benben.features.quota:migrations",
)


def includeme(config: Any) -> None:
    """Count what is used, refuse what is too much, and say how much it is."""
    settings = config.add_plugin(PLUGIN)
    ledger = Ledger(config.registry.engine, flush_s=settings.flush, keep_months=settings.keep)
    roles = read_allowances(config.registry, settings)
    quotas = config.registry.quota = Quotas(config.registry, ledger, settings, roles=roles)
    config.add_band_tween(quota_tween(quotas), band="guard")
    config.add_subscriber(quotas.take_part, PartRequested)
    config.add_service(quota_service(quotas))
    config.add_stop(ledger.stop)
