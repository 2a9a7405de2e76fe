"""Keys, tokens, and who a token says the caller is."""

from benben.features.jwt.services.bearer import Bearer
from benben.features.jwt.services.codec import Codec
from benben.features.jwt.services.keys import Key, key_check, load_key
from benben.features.jwt.services.tokens import Issued, Tokens, issue_access_token

__all__ = ["Bearer", "Codec", "Issued", "Key", "Tokens", "issue_access_token", "key_check", "load_key"]
