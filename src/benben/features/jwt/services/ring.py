"""The keys of one application: which one signs now, which ones verify, and which ones others may see."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from benben.features.jwt.problems import NoSigningKey
from benben.features.jwt.services.codec import Codec
from benben.features.jwt.services.keys import Key

PUBLIC_FORMS: Mapping[str, Any] = MappingProxyType({"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm})


@dataclass(frozen=True, slots=True)
class Term:
    """A key and its time of office, in seconds since 1970.

    Args:
        signs_at: from when on it signs; until then it is known and published only.
        retires_at: from when on nothing that it signed is accepted.
    """

    key: Key
    codec: Codec
    signs_at: float = -math.inf
    retires_at: float = math.inf


class Ring:
    """Holds the key of the ini and those that followed it; each process has its own copy.

    Attributes:
        first: the key of the ini.
    """

    def __init__(self, first: Key, settings: Any) -> None:
        self.first = first
        self._settings = settings
        self._terms: Mapping[str, Term] = MappingProxyType({first.kid: Term(first, Codec(first, settings))})

    def replace(self, offices: Iterable[tuple[Key, float, float]]) -> None:
        """Take these keys, each with when it signs and retires, in place of those there were.

        The key of the ini signs as long as no other does, and verifies as long as no row retires it.
        """
        terms = {self.first.kid: self._terms[self.first.kid]}
        for key, signs_at, retires_at in offices:
            known = self._terms.get(key.kid)
            codec = known.codec if known is not None else Codec(key, self._settings)
            terms[key.kid] = Term(key, codec, signs_at, retires_at)
        # One assignment: a thread that verifies meanwhile has the old keys or the new ones.
        self._terms = MappingProxyType(terms)

    def signing(self, now: float) -> Codec:
        """Return the newest key whose time has come. Raises: NoSigningKey (503)."""
        ready = [term for term in self._terms.values() if term.signs_at <= now < term.retires_at]
        if not ready:
            raise NoSigningKey()
        return max(ready, key=lambda term: term.signs_at).codec

    def verifying(self, kid: Any, now: float) -> Codec | None:
        """Return the key called *kid* unless it has retired; without a *kid*, the only key there is."""
        if kid is None:
            ready = [term for term in self._terms.values() if now < term.retires_at]
            return ready[0].codec if len(ready) == 1 else None
        term = self._terms.get(kid) if isinstance(kid, str) else None
        return term.codec if term is not None and now < term.retires_at else None

    def published(self, now: float) -> list[dict[str, Any]]:
        """Return the public halves as JSON Web Keys, those that will sign included; a secret has none.

        Source: RFC 7517, RFC 8037.
        """
        found = []
        for term in self._terms.values():
            form = PUBLIC_FORMS.get(term.key.algorithm)
            if form is not None and now < term.retires_at:
                # SECURITY: made of the public key alone; there is no private part that could be forgotten here.
                members = json.loads(form.to_jwk(term.key.verifying))
                members.pop("key_ops", None)
                found.append({**members, "kid": term.key.kid, "alg": term.key.algorithm, "use": "sig"})
        return found

    def terms(self) -> list[Term]:
        """Return the keys in the order in which they sign."""
        return sorted(self._terms.values(), key=lambda term: term.signs_at)
