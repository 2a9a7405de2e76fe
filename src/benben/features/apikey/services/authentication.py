"""Where a key stands in a request: in one header, and nowhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from benben.features.apikey.problems import CHALLENGE, InvalidKey, MalformedKey
from benben.features.apikey.services.keys import ID_LENGTH, SECRET_LENGTH, ApiKeys

if TYPE_CHECKING:
    from benben.kernel import Request
    from benben.security.identity import Identity

SCHEME = "apikey "
HEADER = "HTTP_X_API_KEY"


class Authenticator:
    """Says whose key a request carries; an authenticator of the security policy.

    Attributes:
        challenge: the value of WWW-Authenticate for a caller without credentials.
        document: what it is in the words of OpenAPI.
    """

    challenge = CHALLENGE
    document: ClassVar[dict[str, str]] = {"type": "apiKey", "in": "header", "name": "X-API-Key"}

    def __init__(self, keys: ApiKeys, *, prefix: str) -> None:
        self._keys = keys
        form = rf"{prefix}_[A-Za-z0-9]{{{ID_LENGTH}}}\.[A-Za-z0-9]{{{SECRET_LENGTH}}}"
        self._form, self._start = re.compile(form), f"{prefix}_"

    def __call__(self, request: Request) -> Identity | None:
        """Return the identity, or None where the request carries no key.

        Raises: MalformedKey (400), InvalidKey (401).
        """
        environ = request.environ
        sent, authorization = environ.get(HEADER), environ.get("HTTP_AUTHORIZATION", "")
        query = environ.get("QUERY_STRING")
        if query and self._start in query and self._form.search(query):
            # SECURITY: an address is written to logs and sent on as the referrer.
            raise MalformedKey("A key does not belong in the address; revoke it, it is in logs now.")
        has_scheme = authorization[:7].lower() == SCHEME
        if sent is None and not has_scheme:
            return None
        if sent is not None and authorization:
            raise MalformedKey("There are two headers with credentials.")
        text = (authorization[7:] if sent is None else sent).strip(" ")
        if not self._form.fullmatch(text):
            raise InvalidKey()
        return self._keys.identify(text)
