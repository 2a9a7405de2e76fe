"""JSON Web Tokens: log in with a name and a password, and be known by a token afterwards.

Switch on with ``plugin.jwt = on``; needs ``plugin.identity``, ``jwt.private_key`` and its own tables.
Serves ``/auth/token`` (RFC 6749), ``/auth/revoke`` (RFC 7009) and ``/auth/revoke-all`` inside the
prefix, ``/.well-known/jwks.json`` beside it, and adds the scheme ``Bearer`` (RFC 6750). The codec
is pyramid_jwt's, with the strictness of RFC 8725 and RFC 9068. Keys follow each other by
``benben token rotate INI``; see docs/jwt.md.
"""

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from benben.features.jwt.assembly import JWT, views_of
from benben.features.jwt.problems import CHALLENGE, PROBLEMS
from benben.features.jwt.services import Bearer, key_check, load_key
from benben.features.jwt.settings import JWTSettings, lead_check
from benben.features.jwt.tweens import client_tween
from benben.features.jwt.views import revoke_all_service
from benben.kernel import Permission, Plugin

PLUGIN = Plugin(
    name="jwt",
    summary="Login by password, and bearer tokens.",
    settings=(JWTSettings,),
    requires=("identity",),
    permissions=(
        Permission("jwt.write", "authenticated", "End all logins of one's own."),
        Permission("jwt.revoke", "role:admin", "End all logins of somebody else."),
    ),
    problems=PROBLEMS,
    migrations="benben.features.jwt:migrations",
    outside=True,
)


def includeme(config: Any) -> None:
    """Add the scheme, and the addresses that give tokens and take them back."""
    settings = config.add_plugin(PLUGIN)
    key, faults = load_key(settings)
    config.add_check(key_check(faults))
    config.add_check(lead_check(settings))
    jwt = config.registry.jwt = JWT(config.registry, key, settings)
    config.add_authenticator("Bearer", Bearer(config.registry), challenge=CHALLENGE)
    token, revoke, keys = views_of(jwt, settings)
    config.add_route("jwt.keys", "/.well-known/jwks.json")
    config.add_view(keys, route_name="jwt.keys", request_method="GET", permission=NO_PERMISSION_REQUIRED)
    with config.route_prefix_context(config.registry.assembly.settings.prefix.strip("/")):
        config.add_route("auth.token", "/auth/token")
        config.add_route("auth.revoke", "/auth/revoke")
        config.add_view(token, route_name="auth.token", request_method="POST", permission=NO_PERMISSION_REQUIRED)
        config.add_view(revoke, route_name="auth.revoke", request_method="POST", permission=NO_PERMISSION_REQUIRED)
        config.add_service(revoke_all_service(jwt))
        config.add_band_tween(client_tween(*jwt.paths(config.route_prefix)), band="observe")
