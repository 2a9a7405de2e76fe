"""Tokens are written and read with one key, and verified once."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwk
from joserfc import jwt as joserfc_jwt

from benben.features.identity.interfaces import Account
from benben.features.jwt.problems import InvalidToken
from benben.features.jwt.services import Ring, Tokens, load_key
from benben.kernel import Values

SECRET = "yVw1GzbU9QkJ0hYc5eXf7rTn2mLp8sDa"
ADA = Account("ada", frozenset({"editor", "author"}))


def settings(private_key: str = SECRET, algorithm: str = "HS256", **changed: object) -> Values:
    """Return the settings of tokens."""
    values = {
        "private_key": private_key,
        "public_key": "",
        "algorithm": algorithm,
        "kid": "",
        "issuer": "benben",
        "audience": "benben",
        "access_ttl": 900,
        "leeway": 30,
        "cache_size": 100,
        **changed,
    }
    return Values(values)


class Quiet:
    """A ledger that never has anything new."""

    due, longest_ttl_s = math.inf, 1_000_000

    def __init__(self) -> None:
        self.on_change = []
        self.clock = time.monotonic

    def now(self) -> int:
        return 0

    def look_for_key(self) -> None:
        pass

    def is_revoked(self, _claims: object) -> bool:
        return False


def build(found: Values | None = None, **more: object) -> Tokens:
    """Return the tokens of an application."""
    found = found or settings()
    return Tokens(Ring(load_key(found)[0], found), Quiet(), found, store=None, **more)


def issue(tokens: Tokens, account: Account = ADA) -> str:
    """Return a token for *account*."""
    return tokens.issue(account.name, roles=account.roles).access_token


def pem(key: object) -> str:
    """Return the PEM of a private key."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEYS = {
    "HS256": SECRET,
    "RS256": pem(rsa.generate_private_key(65537, 2048)),
    "ES256": pem(ec.generate_private_key(ec.SECP256R1())),
    "EdDSA": pem(ed25519.Ed25519PrivateKey.generate()),
}


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_says_who_its_bearer_is(algorithm: str) -> None:
    """With every algorithm."""
    tokens = build(settings(KEYS[algorithm], algorithm))

    identity = tokens.verify(issue(tokens))

    assert (identity.userid, identity.roles, identity.scheme) == ("ada", {"editor", "author"}, "Bearer")


def test_a_token_has_what_rfc_9068_asks_for() -> None:
    """The type and the key in the header; eight claims, with whole seconds."""
    issued = build().issue(ADA.name, roles=ADA.roles, client_id="curl")
    header = jwt.get_unverified_header(issued.access_token)
    claims = jwt.decode(issued.access_token, SECRET, algorithms=["HS256"], audience="benben")

    assert header == {"alg": "HS256", "typ": "at+jwt", "kid": load_key(settings())[0].kid}
    assert set(claims) == {"iss", "aud", "sub", "exp", "iat", "jti", "client_id", "roles", "rev"}
    assert (claims["sub"], claims["client_id"], claims["roles"]) == ("ada", "curl", ["author", "editor"])
    assert claims["exp"] - claims["iat"] == issued.expires_in == 900
    assert abs(claims["iat"] - time.time()) < 2
    assert type(claims["iat"]) is int


def test_no_two_tokens_are_the_same() -> None:
    """Each has an id of its own, even within one second."""
    tokens = build()

    assert len({issue(tokens) for _ in range(100)}) == 100


# RFC 9864 calls it Ed25519; PyJWT knows the older name only.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", KEYS)
def test_another_library_reads_our_tokens(algorithm: str) -> None:
    """joserfc finds the signature right."""
    kind = {"HS256": "oct", "RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}[algorithm]
    token = issue(build(settings(KEYS[algorithm], algorithm)))

    found = joserfc_jwt.decode(token, jwk.import_key(KEYS[algorithm], kind), algorithms=[algorithm])

    assert found.claims["sub"] == "ada"


def test_the_longest_list_of_roles_fits_in_a_token() -> None:
    """50 roles of 64 characters."""
    tokens = build()
    account = Account("x" * 64, frozenset(f"{number:064}" for number in range(50)))

    assert tokens.verify(issue(tokens, account)).roles == account.roles


def test_a_token_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time gives the same object, and the codec is not asked."""
    tokens = build()
    token = issue(tokens)
    first = tokens.verify(token)
    monkeypatch.setattr(tokens, "ring", None)

    assert tokens.verify(token) is first


def test_a_remembered_token_expires_all_the_same() -> None:
    """To the second of its exp and the leeway, and for good."""
    now = time.time()
    clock = [now]
    tokens = build(clock=lambda: clock[0])
    token = issue(tokens)
    tokens.verify(token)

    clock[0] = int(now) + 900 + 29
    assert tokens.verify(token)
    clock[0] = int(now) + 900 + 31
    with pytest.raises(InvalidToken, match="expired"):
        tokens.verify(token)
    assert token not in tokens._verified


def test_what_is_remembered_of_tokens_is_bounded() -> None:
    """The oldest goes; a token that was refused is not kept at all."""
    tokens = build(settings(cache_size=3))
    issued = [issue(tokens) for _ in range(5)]
    for token in issued:
        tokens.verify(token)
    for token in issued:
        with pytest.raises(InvalidToken):
            tokens.verify(token + "A")

    assert list(tokens._verified) == issued[2:]


def test_nothing_is_remembered_where_the_cache_is_off() -> None:
    """Every token is verified every time."""
    tokens = build(settings(cache_size=0))
    token = issue(tokens)

    assert tokens.verify(token) == tokens.verify(token)
    assert tokens._verified == {}


def test_many_threads_verify_at_once() -> None:
    """A cache that is too small for them stays within its bound and fails nobody."""
    tokens = build(settings(cache_size=5))
    issued = [issue(tokens, Account(f"user{number}")) for number in range(20)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: tokens.verify(issued[number % 20]).userid, range(2000)))

    assert found == [f"user{number % 20}" for number in range(2000)]
    assert len(tokens._verified) <= 5


@pytest.mark.parametrize(
    "changed", [{"issuer": "benben/"}, {"audience": "other"}, {"kid": "other"}, {"private_key": SECRET[::-1]}]
)
def test_a_token_of_another_application_is_refused(changed: dict[str, object]) -> None:
    """Another issuer, audience, key, or name of the key."""
    token = issue(build(settings(**changed)))

    with pytest.raises(InvalidToken):
        build().verify(token)
