"""Login through OpenID Connect providers, and their access tokens as Bearer.

Switch on with ``plugin.oidc = on``; needs ``plugin.identity``, ``plugin.session`` and the extra
``oidc``. ``oidc.providers`` names the providers, ``oidc.<name>.*`` says where they are and which
roles their groups have. Serves ``/login/<name>`` and ``/login/<name>/callback``, which is what the
provider has to know.
"""

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from benben.features.oidc.problems import CHALLENGE, PROBLEMS
from benben.features.oidc.services import Flow, ProviderBearer, read_providers
from benben.features.oidc.settings import OIDCSettings
from benben.features.oidc.views import Callback, Start
from benben.kernel import Plugin

PLUGIN = Plugin(
    name="oidc",
    summary="Login through OpenID Connect.",
    settings=(OIDCSettings,),
    requires=("identity", "session"),
    problems=PROBLEMS,
    outside=True,
)


def includeme(config: Any) -> None:
    """Offer the providers on the login page, and know the bearers of their tokens."""
    settings, registry = config.add_plugin(PLUGIN), config.registry
    providers = read_providers(registry.assembly, settings)
    config.add_check(providers.check)
    flow = Flow(providers, registry.identity, settings, key=registry.derive_key("benben oidc 1"))
    config.add_route("oidc.start", "/login/{provider}")
    config.add_route("oidc.callback", "/login/{provider}/callback")
    config.add_view(Start(flow), route_name="oidc.start", request_method="GET", permission=NO_PERMISSION_REQUIRED)
    config.add_view(Callback(flow), route_name="oidc.callback", request_method="GET", permission=NO_PERMISSION_REQUIRED)
    for provider in providers.all:
        registry.session.add_way(provider.title, f"/login/{provider.name}")
    _accept_tokens(config, providers, settings)


def _accept_tokens(config: Any, providers: Any, settings: Any) -> None:
    """Know the bearers of tokens of the providers whose tokens are accepted.

    Where there is none, Bearer is not a way to authenticate, and no document says that it is.
    """
    if providers.by_audience:
        bearer = ProviderBearer(providers, config.registry.identity, settings)
        config.add_authenticator("Bearer", bearer, challenge=CHALLENGE, is_first=True)
