"""Keys: made, listed, revoked, and who they say the caller is."""

from benben.features.apikey.services.authentication import Authenticator
from benben.features.apikey.services.keys import ApiKeys, Made, Wish

__all__ = ["ApiKeys", "Authenticator", "Made", "Wish"]
