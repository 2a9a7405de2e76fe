"""What the claims of a provider make of somebody: a name here, and roles."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

PLAIN_SUBJECT = re.compile(r"[a-z0-9._@-]{1,40}")
HASHED = "h-"
HASH_DIGITS = 38
MAX_GROUPS = 1_000
EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9.-]{1,180}")


def name_of(provider: str, subject: str) -> str:
    """Return the name of a user here: the subject, an @ and the name of the provider.

    SECURITY: the subject alone tells people apart for ever (OpenID Connect Core 1.0, section 5.7);
    a mail address or a preferred name may be another person's tomorrow, or be chosen to be
    ``admin``. A subject that can be no name, because case counts in it for example, is replaced by
    its hash; one that looks like such a hash is hashed as well, so that no two have one name.
    """
    if PLAIN_SUBJECT.fullmatch(subject) and not subject.startswith(HASHED):
        return f"{subject}@{provider}"
    return f"{HASHED}{hashlib.sha256(subject.encode()).hexdigest()[:HASH_DIGITS]}@{provider}"


def roles_of(claims: Mapping[str, Any], claim: str, mapping: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the roles that *mapping* gives for the groups in *claim*; a group that it does not name gives none."""
    found: set[str] = set()
    for group in groups_of(claims, claim):
        found |= mapping.get(group, frozenset())
    return frozenset(found)


def groups_of(claims: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    """Return the groups in *claim*: a list of texts, or one text; anything else is none."""
    value = find_claim(claims, claim)
    listed = value[:MAX_GROUPS] if isinstance(value, list) else [value]
    return tuple(item for item in listed if isinstance(item, str))


def find_claim(claims: Mapping[str, Any], claim: str) -> Any:
    """Return the value of *claim*, whose name may have dots in it or lead into a claim by them."""
    if claim in claims:
        return claims[claim]
    value: Any = claims
    for part in claim.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def email_of(claims: Mapping[str, Any]) -> str | None:
    """Return the mail address, if the provider has verified it."""
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True
    return email if is_verified and isinstance(email, str) and EMAIL.fullmatch(email) and email.isascii() else None
