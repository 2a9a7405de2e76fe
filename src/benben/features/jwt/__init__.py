"""JSON Web Tokens: log in with a name and a password, and be known by a token afterwards.

Switch on with ``plugin.jwt = on``; needs ``plugin.identity`` and ``jwt.private_key``. Serves
``POST /auth/token`` inside the prefix (RFC 6749, section 4.3) and adds the scheme ``Bearer``
(RFC 6750). The codec is pyramid_jwt's, with the strictness of RFC 8725 and RFC 9068.
"""

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from benben.features.jwt.problems import CHALLENGE, PROBLEMS
from benben.features.jwt.services import Bearer, Tokens, key_check, load_key
from benben.features.jwt.settings import JWTSettings
from benben.features.jwt.views import TokenView
from benben.kernel import Plugin

PLUGIN = Plugin(
    name="jwt",
    summary="Login by password, and bearer tokens.",
    settings=(JWTSettings,),
    requires=("identity",),
    problems=PROBLEMS,
)


def includeme(config: Any) -> None:
    """Add the scheme and the address that gives tokens."""
    settings = config.add_plugin(PLUGIN)
    key, faults = load_key(settings)
    config.add_check(key_check(faults))
    config.registry.jwt = Tokens(key, settings)
    config.add_authenticator("Bearer", Bearer(config.registry), challenge=CHALLENGE)
    config.add_route("auth.token", "/auth/token")
    config.add_view(TokenView(), route_name="auth.token", request_method="POST", permission=NO_PERMISSION_REQUIRED)
