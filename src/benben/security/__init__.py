"""Who asks, and what they may do: one policy for every endpoint, deny by default.

Always there. A feature adds a way to authenticate with ``config.add_authenticator``; a
plugin declares permissions in its manifest; the operator sets who has them with
``service.<name>.permission.<verb>``.
"""

from typing import Any

from benben.kernel.plugin import Plugin
from benben.security.authenticators import add_authenticator, identity_tween
from benben.security.policy import SecurityPolicy, forbidden_view
from benben.security.rules import rule_mistakes

PLUGIN = Plugin(name="security", summary="The one security policy.")


def includeme(config: Any) -> None:
    """Set the policy and what answers for it."""
    config.add_plugin(PLUGIN)
    policy = SecurityPolicy(config.registry)
    config.registry.security = policy
    config.set_security_policy(policy)
    config.add_directive("add_authenticator", add_authenticator)
    config.add_band_tween(identity_tween, band="identity")
    config.add_forbidden_view(forbidden_view)
    config.add_check(rule_mistakes)
