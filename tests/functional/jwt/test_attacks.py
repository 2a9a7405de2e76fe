"""Tokens that an attacker would send; each is 401, on public addresses too.

The rows are those of OWASP API2 (2023), ASVS 5.0 9.x, RFC 8725 and RFC 9068.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import RSAAlgorithm

from benben.features.jwt.services import issue_access_token
from benben.testing import API, assert_problem
from tests.functional.jwt.forger import Forger, encode

OURS = rsa.generate_private_key(65537, 2048)
THEIRS = rsa.generate_private_key(65537, 2048)


def me(api: API, token: str) -> Any:
    """Return the answer to who the bearer of *token* is."""
    return api.get("/v1/users/me", headers={"Authorization": f"Bearer {token}"}, status="*")


def assert_refused(answer: Any) -> dict[str, Any]:
    """Check for the 401 of RFC 6750, with its reason in the header and in the body."""
    document = assert_problem(answer, 401, "jwt-invalid-token")
    assert document["error"] == "invalid_token"
    expected = f'Bearer realm="benben", error="invalid_token", error_description="{document["detail"]}"'
    assert answer.headers["WWW-Authenticate"] == expected
    return document


def test_the_forger_can_write_a_good_token(api: API, forger: Any) -> None:
    """So that each refusal below is about the one thing that is wrong."""
    assert me(api, forger.sign(forger.header(), forger.claims())).json["userid"] == "ada"


HEADERS: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "alg None": {"alg": "None"},
    "alg nOnE": {"alg": "nOnE"},
    "alg of another hash": {"alg": "HS512"},
    "alg in lower case": {"alg": "hs256"},
    "alg absent": {"alg": None},
    "alg empty": {"alg": ""},
    "alg list": {"alg": ["HS256"]},
    "alg RS256": {"alg": "RS256"},
    "typ JWT": {"typ": "JWT"},
    "typ of an ID token": {"typ": "id+jwt"},
    "typ absent": {"typ": None},
    "typ list": {"typ": ["at+jwt"]},
    "kid path": {"kid": "../../dev/null"},
    "kid SQL": {"kid": "x' UNION SELECT 'secret"},
    "kid of 10 kB": {"kid": "k" * 10_000},
    "kid of 4 kB": {"kid": "k" * 4_000},
    "kid number": {"kid": 1},
    "kid object": {"kid": {"a": 1}},
    "unknown crit": {"crit": ["exp"], "exp": 1},
    "crit of a known extension": {"crit": ["b64"], "b64": True},
    "empty crit": {"crit": []},
    "detached payload": {"crit": ["b64"], "b64": False},
    "b64 without crit": {"b64": False},
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_bad_header_is_refused(api: API, forger: Any, name: str) -> None:
    """Even with a right signature."""
    assert_refused(me(api, forger.sign(forger.header(**HEADERS[name]), forger.claims())))


CLAIMS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "exp 31 s ago": lambda forger: {"exp": forger.future - 31},
    "exp absent": lambda _: {"exp": None},
    "exp text": lambda forger: {"exp": str(forger.future + 900)},
    "exp NaN": lambda _: {"exp": float("nan")},
    "exp infinite": lambda _: {"exp": float("inf")},
    "exp 1e308": lambda _: {"exp": 1e308},
    "exp of 30 digits": lambda _: {"exp": 10**30},
    "exp negative": lambda _: {"exp": -1},
    "exp true": lambda _: {"exp": True},
    "exp list": lambda _: {"exp": [9999999999]},
    "nbf in 31 s": lambda forger: {"nbf": forger.past + 31},
    "nbf text": lambda forger: {"nbf": str(forger.future)},
    "iat in an hour": lambda forger: {"iat": forger.future + 3600},
    "iat absent": lambda _: {"iat": None},
    "iat text": lambda forger: {"iat": str(forger.future)},
    "iat true": lambda _: {"iat": True},
    "iat NaN": lambda _: {"iat": float("nan")},
    "aud other": lambda _: {"aud": "films"},
    "aud list": lambda _: {"aud": ["books", "films"]},
    "aud list of ours": lambda _: {"aud": ["books"]},
    "aud absent": lambda _: {"aud": None},
    "aud empty": lambda _: {"aud": ""},
    "aud in capitals": lambda _: {"aud": "Books"},
    "iss with a slash": lambda _: {"iss": "https://api.example/"},
    "iss absent": lambda _: {"iss": None},
    "iss list": lambda _: {"iss": ["https://api.example"]},
    "sub absent": lambda _: {"sub": None},
    "sub number": lambda _: {"sub": 1},
    "sub empty": lambda _: {"sub": ""},
    "sub unknown": lambda _: {"sub": "eve"},
    "sub in capitals": lambda _: {"sub": "ADA"},
    "sub with NUL": lambda _: {"sub": "ada\x00"},
    "jti absent": lambda _: {"jti": None},
    "jti number": lambda _: {"jti": 1},
    "jti empty": lambda _: {"jti": ""},
    "client_id absent": lambda _: {"client_id": None},
    "client_id number": lambda _: {"client_id": 1},
    "scope list": lambda _: {"scope": ["books.read"]},
    "scope object": lambda _: {"scope": {"books.read": True}},
    "sid number": lambda _: {"sid": 1},
    "rev text": lambda _: {"rev": "9"},
    "rev true": lambda _: {"rev": True},
    "rev fraction": lambda _: {"rev": 9.5},
    "sub of a user as a client": lambda _: {"sub": "Client:ada"},
    "roles text": lambda _: {"roles": "admin"},
    "roles of numbers": lambda _: {"roles": [1]},
    "roles object": lambda _: {"roles": {"admin": True}},
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_bad_claim_is_refused(api: API, forger: Any, name: str) -> None:
    """Even with a right signature."""
    assert_refused(me(api, forger.sign(forger.header(), forger.claims(**CLAIMS[name](forger)))))


GOOD: dict[str, Callable[[Any], dict[str, Any]]] = {
    "exp 29 s ago": lambda forger: {"exp": forger.past - 29},
    "nbf in 29 s": lambda forger: {"nbf": forger.future + 29},
    "iat in 29 s": lambda forger: {"iat": forger.future + 29},
    "exp with a fraction": lambda forger: {"exp": forger.future + 900.5},
    "no roles": lambda _: {"roles": None},
    "a claim that nobody knows": lambda _: {"shoe_size": 42},
}


@pytest.mark.parametrize("name", GOOD)
def test_what_clocks_and_issuers_may_do_is_accepted(api: API, forger: Any, name: str) -> None:
    """Thirty seconds between two machines, and claims of their own."""
    assert me(api, forger.sign(forger.header(), forger.claims(**GOOD[name](forger)))).status_int == 200


@pytest.mark.parametrize("changed", [{"kid": None}, {"typ": "AT+JWT"}, {"typ": "application/at+jwt"}, {"cty": "x"}])
def test_what_a_header_may_say_is_accepted(api: API, forger: Any, changed: dict[str, Any]) -> None:
    """There is one key, and media types have no case."""
    assert me(api, forger.sign(forger.header(**changed), forger.claims())).status_int == 200


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of the loopback interface that counts who calls."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        found.settimeout(0.2)
        yield found


def attackers_key(listener: socket.socket) -> dict[str, dict[str, Any]]:
    """Return the headers that bring a key or point to one."""
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
    mine = json.loads(RSAAlgorithm.to_jwk(THEIRS.public_key()))
    return {"jku": {"jku": url}, "x5u": {"x5u": url}, "jwk": {"jwk": mine}, "x5c": {"x5c": ["MIIB"]}, "kid": {"kid": url}}


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c", "kid"])
def test_a_key_in_the_header_is_not_looked_at(build: Any, listener: socket.socket, member: str) -> None:
    """A token signed with the key that it brings is refused, and nobody is called."""
    api = rsa_api(build)
    header = {"alg": "RS256", "typ": "at+jwt", **attackers_key(listener)[member]}

    assert_refused(me(api, rsa_token(api, header, THEIRS)))
    with pytest.raises(TimeoutError):
        listener.accept()


def test_an_unneeded_key_in_the_header_does_no_harm(build: Any, listener: socket.socket) -> None:
    """With our signature the member is ignored, and nobody is called."""
    api = rsa_api(build)
    header = {"alg": "RS256", "typ": "at+jwt", **attackers_key(listener)["jku"]}

    assert me(api, rsa_token(api, header, OURS)).status_int == 200
    with pytest.raises(TimeoutError):
        listener.accept()


@pytest.mark.parametrize("ending", ["", "\n"])
def test_the_public_key_is_no_secret(build: Any, ending: str) -> None:
    """HS256 with the PEM of the public key, as everybody can sign."""
    api = rsa_api(build)
    forger = Forger(api)
    public = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip() + ending.encode()

    assert_refused(me(api, forger.sign(forger.header(), forger.claims(), secret=public)))


def rsa_api(build: Any) -> API:
    """Return an application that signs with RS256."""
    pem = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return build(jwt__algorithm="RS256", jwt__private_key=pem)


def rsa_token(api: API, header: dict[str, Any], key: rsa.RSAPrivateKey) -> str:
    """Return a token of ada signed with *key*."""
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(Forger(api).claims()).encode())}"
    return f"{signed}.{encode(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


MANGLED: dict[str, Callable[[str], str]] = {
    "no signature": lambda token: token.rpartition(".")[0] + ".",
    "no signature and no dot": lambda token: token.rpartition(".")[0],
    "no payload": lambda token: ".".join([token.split(".")[0], "", token.split(".")[2]]),
    "no header": lambda token: "." + token.partition(".")[2],
    "a fourth part": lambda token: token + ".e30",
    "five parts": lambda token: token + ".e30.e30",
    "dots": lambda _: "..",
    "one word": lambda _: "x",
    "padding": lambda token: token + "=",
    "the other alphabet": lambda token: token.rpartition(".")[0] + "." + "+/" * 21 + "8",
    "a shorter signature": lambda token: token[:-4],
    "a longer signature": lambda token: token + "AAAA",
    "other bits behind the last byte": lambda token: token[:-1] + chr(ord(token[-1]) + 1),
    "a changed payload": lambda token: token.replace(".ey", ".fy", 1),
    "a JSON serialisation": lambda _: "eyJwYXlsb2FkIjoiZTMwIn0",
    "9 kB": lambda token: token + "A" * 9000,
    "200 kB": lambda token: token + "A" * 200_000,
    "a NUL in the header": lambda _: "eyJhbGciOiJIUzI1NiIAfQ.e30.e30",
}


@pytest.mark.parametrize("name", MANGLED)
def test_a_mangled_token_is_refused(api: API, token: str, name: str) -> None:
    """Whatever was done to it; there is one way to write a token."""
    assert_refused(me(api, MANGLED[name](token)))


PARTS = {
    "duplicate claims": (None, b'{"sub":"ada","sub":"admin"}'),
    "duplicate algorithms": (b'{"alg":"HS256","alg":"none","typ":"at+jwt"}', None),
    "a list": (None, b"[1]"),
    "a text": (None, b'"ada"'),
    "a list for a header": (b"[]", None),
    "bytes": (None, b"\xff\xfe"),
    "a header of bytes": (b"\xff\xfe", None),
    "deep": (None, b"[" * 2000 + b"]" * 2000),
    "a deep header": (b"[" * 2000 + b"]" * 2000, None),
    "nothing": (None, b" "),
    "a byte order mark": (None, b"\xef\xbb\xbf{}"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_no_object_is_refused(api: API, forger: Any, name: str) -> None:
    """The strict reader decides, even with a right signature."""
    header, claims = PARTS[name]

    assert_refused(me(api, forger.sign(header or forger.header(), claims or forger.claims())))


def test_a_bad_token_is_refused_on_a_public_address(api: API, token: str) -> None:
    """Nobody is answered as a stranger who meant to be somebody."""
    form = {"grant_type": "password", "username": "ada", "password": "correct horse battery"}
    bad, good = ({"Authorization": f"Bearer {text}"} for text in (token[:-4], token))

    assert_refused(api.post("/v1/auth/token", form, headers=bad, status="*"))
    assert_refused(api.get("/v1/no-such-address", headers=bad, status="*"))
    assert api.post("/v1/auth/token", form, headers=good).status_int == 200


def test_the_refusal_tells_no_secret(api: API, forger: Any) -> None:
    """Neither the token nor the text of a library is in the answer."""
    token = forger.sign(forger.header(alg="<script>"), forger.claims(sub="<b>"))
    answer = me(api, token)

    assert_refused(answer)
    assert "script" not in answer.text
    assert token[:20] not in answer.text


def test_two_applications_do_not_share_tokens(build: Any) -> None:
    """Two inis in one process; what one has verified is unknown to the other."""
    one, other = build(), build(jwt__private_key="another-secret-0123456789-abcdefgh")
    token = issue_access_token(one.registry, "ada")

    assert me(one, token).status_int == 200
    assert_refused(me(other, token))
    assert me(one, token).status_int == 200
