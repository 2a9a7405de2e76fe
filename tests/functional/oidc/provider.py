"""A provider that says whatever a test wants, on a real socket, and counts what it is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

CLIENT = "benben"
API_AUDIENCE = "https://api.example"


class Provider:
    """A provider with one key, ``k1``.

    Attributes:
        asked: how often each path was asked.
        claims: what the next ID token says beside the usual; None takes a claim away.
        header: the same for its header.
        key: what signs.
        answers: path to a function of the handler that takes the place of the usual answer.
        form: what the token endpoint was sent last, and its Authorization header.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": "alice", "groups": ["editors"]}
        self.key: Any = RSAKey.generate_key(2048)
        self.published: list[dict[str, Any]] = [jwk_of(self.key, "k1")]
        self.answers: dict[str, Callable[[Any], None]] = {}
        self.form: dict[str, str] = {}
        self.authorization = ""
        self.nonce = ""
        self.forge: Callable[[dict[str, Any], dict[str, Any]], str] = self.sign
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """Return a token signed with the key."""
        return signed_by(self.key, header["alg"])(header, claims)

    def id_token(self) -> str:
        """Return the token of the login that is under way."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": CLIENT, "sub": "alice", "iat": now, "exp": now + 300, "nonce": self.nonce}
        return self.forge(merged({"alg": "RS256", "kid": "k1", "typ": "JWT"}, self.header), merged(usual, self.claims))

    def access_token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return an access token for the API."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": API_AUDIENCE, "sub": "alice", "iat": now, "exp": now + 300, "groups": ["editors"]}
        return self.forge(merged({"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, header or {}), merged(usual, claims))

    def answer(self, path: str) -> dict[str, Any]:
        """Return what is usually answered."""
        if path == "/.well-known/openid-configuration":
            usual = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
            }
            return merged(usual, self.discovery)
        if path == "/jwks":
            return {"keys": self.published}
        if path == "/userinfo":
            return self.userinfo
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token()}


def handler_of(provider: Provider) -> type[BaseHTTPRequestHandler]:
    """Return the handler of the requests to *provider*."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked[path] += 1
            if path in provider.answers:
                provider.answers[path](self)
            else:
                self.tell(provider.answer(path))

        def do_POST(self) -> None:
            provider.form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            provider.authorization = self.headers.get("Authorization", "")
            self.do_GET()

        def tell(self, value: Any, status: int = 200, **headers: str) -> None:
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    return Handler


def merged(usual: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """Return *usual* with what is *changed*, without what is None."""
    return {name: value for name, value in {**usual, **changed}.items() if value is not None}


def jwk_of(key: Any, kid: str | None, **more: Any) -> dict[str, Any]:
    """Return the public half of *key* as a provider publishes it."""
    return merged({**key.as_dict(private=False), "kid": kid, "use": "sig"}, more)


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a token without a signature."""
    return f"{b64(json.dumps({**header, 'alg': 'none'}).encode())}.{b64(json.dumps(claims).encode())}."


def signed_by(key: Any, alg: str) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """Return a forger who signs with *key*, whatever the header says."""

    def forge(header: dict[str, Any], claims: dict[str, Any]) -> str:
        message = f"{b64(json.dumps({**header, 'alg': alg}).encode())}.{b64(json.dumps(claims).encode())}"
        # The library of the product refuses some of these headers; the forger must not depend on it.
        signature = sign(message.encode(), key, alg)
        return f"{message}.{b64(signature)}"

    return forge


def public_key_as_secret(provider: Provider) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """Return a forger who takes the public key for the secret of an HMAC."""
    return signed_by(provider.key.as_pem(private=False), "HS256")


def sign(message: bytes, key: Any, alg: str) -> bytes:
    """Return the signature of *message*; with a secret it is an HMAC."""
    if alg == "HS256":
        return hmac.digest(key, message, "sha256")
    signature: bytes = jws.JWSRegistry(algorithms=[alg]).get_alg(alg).sign(message, key)
    return signature


def make_key(alg: str) -> Any:
    """Return a new key for *alg*."""
    if alg.startswith("ES"):
        return ECKey.generate_key({"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[alg])
    return OKPKey.generate_key("Ed25519") if alg.startswith("Ed") else RSAKey.generate_key(2048)


def half_hash(token: str) -> str:
    """Return the at_hash of *token* for SHA-256."""
    return b64(hashlib.sha256(token.encode()).digest()[:16])


def b64(raw: bytes) -> str:
    """Return *raw* as tokens write it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def query_of(address: str) -> dict[str, str]:
    """Return the parameters of *address*."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
