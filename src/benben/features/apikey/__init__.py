"""API keys: long-lived credentials that a user makes for a program, and can take back one by one.

Switch on with ``plugin.apikey = on``; needs ``plugin.identity`` and its own table. Serves
``/api-keys`` inside the prefix and adds the header ``X-API-Key`` and the scheme ``ApiKey``.
A key is shown once and stored as a hash; see docs/apikey.md.
"""

from typing import Any

from benben.features.apikey.problems import PROBLEMS
from benben.features.apikey.services import ApiKeys, Authenticator
from benben.features.apikey.settings import ApiKeySettings
from benben.features.apikey.views import key_service, keys_service
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="apikey",
    summary="Keys that users make for programs.",
    settings=(ApiKeySettings,),
    requires=("identity",),
    permissions=(
        Permission("apikey.read", "authenticated", "See one's own API keys."),
        Permission("apikey.write", "authenticated", "Make and revoke API keys of one's own."),
    ),
    problems=PROBLEMS,
    migrations="benben.features.apikey:migrations",
)


def includeme(config: Any) -> None:
    """Add the header and the addresses at which keys are made and revoked."""
    settings = config.add_plugin(PLUGIN)
    keys = config.registry.apikey = ApiKeys(config.registry, settings)
    authenticator = Authenticator(keys, prefix=settings.key_prefix)
    config.add_authenticator("ApiKey", authenticator, challenge=authenticator.challenge, evidence="HTTP_X_API_KEY")
    config.add_service(keys_service(keys))
    config.add_service(key_service(keys))
