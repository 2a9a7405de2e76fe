"""What an operator can set of OpenID Connect."""

from __future__ import annotations

import re
from typing import Any

import colander

from benben.kernel import Choice, Setting, Settings, Switch, Text, Whole, Words

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures by a key pair: with a shared secret, whoever can verify could also sign."""
PROVIDER = re.compile(r"[a-z][a-z0-9-]{0,19}")
HOST = re.compile(r"[a-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9a-f:]+\](?::[0-9]{1,5})?")
ISSUER = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?")
ROLE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Names(Words):
    """Words of one form."""

    def __init__(self, pattern: re.Pattern[str], expects: str) -> None:
        super().__init__()
        self._pattern, self.expects = pattern, expects

    def deserialize(self, node: Any, text: str) -> tuple[str, ...]:
        """Return the words, each of which is given once."""
        words = super().deserialize(node, text)
        if len(set(words)) < len(words) or not all(self._pattern.fullmatch(word) for word in words):
            raise colander.Invalid(node, self.expects)
        return words


class Address(Text):
    """An address of a provider, or of this server."""

    def deserialize(self, node: Any, text: str) -> str:
        """Return the address to the letter: an issuer with a slash at its end is another one."""
        address = super().deserialize(node, text)
        if address and not ISSUER.fullmatch(address):
            raise colander.Invalid(node, self.expects)
        return address


ROLES = Names(ROLE, "roles of a-z, 0-9 and ._-, separated by space")


class OIDCSettings(Settings):
    """``oidc.*``: what all providers share."""

    prefix = "oidc"

    providers = Setting(
        Names(PROVIDER, "names of a-z, 0-9 and -, of 20 characters at most"),
        default=(),
        help="The providers by names of your own; each is described under oidc.<name>, and is the end of the names of its users.",
    )
    answer = Setting(
        Choice("session", "token"),
        default="session",
        help="What a login ends with: a session of the browser, or tokens of our own as JSON, which needs plugin.jwt.",
    )
    provision = Setting(
        Switch(),
        default=True,
        help="The first login makes the user; off lets in whom `benben user add --no-password` has made.",
    )
    timeout = Setting(Whole(1, 60), default=5, unit="s", help="How long a provider may take for one answer, all in all.")
    max_bytes = Setting(Whole(1024, 10**7), default=262_144, unit="bytes", help="The longest answer of a provider that is read.")
    cooldown = Setting(
        Whole(1, 3600),
        default=30,
        unit="s",
        help="How long a provider is left alone after a failure, and at least between two readings of its keys.",
    )
    keys_ttl = Setting(
        Whole(60, 86400), default=3600, unit="s", help="How long the addresses and keys of a provider are believed."
    )
    leeway = Setting(Whole(0, 300), default=60, unit="s", help="How far the clocks of two machines may be apart.")
    login_ttl = Setting(Whole(30, 3600), default=600, unit="s", help="How long somebody may take to log in at the provider.")
    cache_size = Setting(
        Whole(0, 100_000),
        default=1000,
        unit="tokens",
        help="Verified tokens of providers that each process remembers for a minute.",
    )
    ca_file = Setting(
        Text("a file of certificates", shortest=0), default="", help="Authorities to trust instead of the system's."
    )
    plain_http = Setting(
        Switch(), default=False, help="Providers on this very machine may do without TLS; for development alone."
    )


class ProviderSettings(Settings):
    """``oidc.<name>.*``: one provider."""

    prefix = "oidc.*"

    issuer = Setting(Address("the address of the provider, as its tokens name it"), help="The iss of its tokens, to the letter.")
    client_id = Setting(Text(), help="The name of this application at the provider.")
    client_secret = Setting(
        Text(shortest=0),
        default="",
        secret=True,
        help="The secret of this application, such as $file:oidc.txt; none if it is public.",
    )
    client_auth = Setting(Choice("basic", "post"), default="basic", help="How the secret is sent: in a header or in the form.")
    title = Setting(Text(shortest=0), default="", help="The words of the link on the login page.")
    scope = Setting(Words(), default=("openid", "profile", "email"), help="What is asked of the provider; openid is among it.")
    hosts = Setting(
        Names(HOST, "names of hosts, separated by space, with ports other than 443"),
        default=(),
        help="Hosts beside that of the issuer where the addresses of the provider may be.",
    )
    algorithms = Setting(Words(*ALGORITHMS), default=("RS256", "ES256"), help="The signatures that are accepted.")
    redirect_uri = Setting(
        Address("the address of the callback", shortest=0),
        default="",
        help="Where the provider sends browsers back to; by default /login/<name>/callback at the host that was asked.",
    )
    userinfo = Setting(Switch(), default=False, help="Ask the provider for claims that are not in the token of the login.")
    audience = Setting(
        Text(shortest=0),
        default="",
        help="The aud of access tokens that are accepted as Bearer, another one than the client; none are if it is empty.",
    )
    scopes = Setting(Switch(), default=False, help="The scopes of an access token are ours, and narrow what its bearer may do.")
    roles_claim = Setting(
        Text(),
        name="roles.claim",
        default="groups",
        help="The claim that holds the groups; dots lead into it: realm_access.roles.",
    )
    roles_default = Setting(ROLES, name="roles.default", default=(), help="The roles that every user of this provider has.")


def role_schema(provider: str, group: str) -> type[Settings]:
    """Return the schema of one key ``oidc.<provider>.role.<group>``: the name is the operator's."""
    node = Setting(ROLES, name=group, default=(), help=f"The roles of who has {group} in the claim.")
    return type("RoleSettings", (Settings,), {"prefix": f"oidc.{provider}.role", "roles": node})
