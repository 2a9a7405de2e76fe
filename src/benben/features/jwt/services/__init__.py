"""Keys, tokens, what they are given for, and how they end."""

from benben.features.jwt.services.bearer import Bearer
from benben.features.jwt.services.clients import (
    Clients,
    Program,
    add_client,
    list_clients,
    remove_client,
    renew_secret,
)
from benben.features.jwt.services.codec import Codec
from benben.features.jwt.services.grants import Grants
from benben.features.jwt.services.keys import Key, key_check, load_key
from benben.features.jwt.services.ledger import Ledger
from benben.features.jwt.services.revocations import revoke_claims, revoke_grant, revoke_subject
from benben.features.jwt.services.ring import Ring
from benben.features.jwt.services.rotation import Rotated, rotate
from benben.features.jwt.services.scopes import Scopes
from benben.features.jwt.services.seal import Seal
from benben.features.jwt.services.store import Store
from benben.features.jwt.services.tokens import Tokens, issue_access_token

__all__ = [
    "Bearer",
    "Clients",
    "Codec",
    "Grants",
    "Key",
    "Ledger",
    "Program",
    "Ring",
    "Rotated",
    "Scopes",
    "Seal",
    "Store",
    "Tokens",
    "add_client",
    "issue_access_token",
    "key_check",
    "list_clients",
    "load_key",
    "remove_client",
    "renew_secret",
    "revoke_claims",
    "revoke_grant",
    "revoke_subject",
    "rotate",
]
