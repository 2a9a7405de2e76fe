"""The security of a contract, enforced with the ways to authenticate that are on."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from benben.testing import API
from tests.functional.contract.conftest import Serve
from tests.functional.contract.documents import OK, document

WAYS = """
from benben.security.identity import Identity

def includeme(config):
    def basic(request):
        kind, _, rest = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return Identity("basil", scheme="Basic") if kind == "Basic" else None
    def bearer(request):
        kind, _, rest = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return Identity("bea", scheme="Bearer", scopes=frozenset(rest.split(","))) if kind == "Bearer" else None
    def key(request):
        return Identity("kim", scheme="ApiKey") if "HTTP_X_API_KEY" in request.environ else None
    config.add_authenticator("Basic", basic, challenge="Basic")
    config.add_authenticator("Bearer", bearer, challenge="Bearer")
    config.add_authenticator("ApiKey", key, challenge="", evidence="HTTP_X_API_KEY")
"""
SCHEMES = """
securitySchemes:
  token: {type: http, scheme: bearer}
  login: {type: oauth2, flows: {clientCredentials: {tokenUrl: /token, scopes: {things.see: See the things.}}}}
  password: {type: http, scheme: basic}
  key: {type: apiKey, in: header, name: X-API-Key}
"""
BASIC = {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}
SEE, ALL, OTHER = ({"Authorization": f"Bearer {scope}"} for scope in ("things.see", "*", "other"))
KEY = {"X-API-Key": "k"}


@pytest.fixture
def ask(serve: Serve, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Return a function that serves one operation under a ``security`` list and tells the status for some headers."""
    (tmp_path / "contract_under_test_ways.py").write_text(WAYS)
    started: dict[str, API] = {}

    def ask(security: str, headers: dict[str, str], scheme: str = "declared") -> int:
        if security not in started:
            paths = f"/things: {{get: {{operationId: one, security: {security}, responses: {OK}}}}}"
            ini = {"plugin__ways": "on", "plugin__ways__include": "contract_under_test_ways", "contract__schemes": scheme}
            started[security] = serve(document(paths, SCHEMES), "def one(): return 1\n", **ini)
        return started[security].get("/v1/things", headers=headers, expect_errors=True).status_int

    return ask


@pytest.mark.parametrize(
    ("security", "headers", "status"),
    [
        ("[]", {}, 200),
        ("[{}]", {}, 200),
        ("[{password: []}, {}]", {}, 200),
        ("[{password: []}]", {}, 401),
        ("[{password: []}]", BASIC, 200),
        ("[{password: []}]", KEY, 401),
        ("[{key: []}]", KEY, 200),
        ("[{key: []}, {password: []}]", BASIC, 200),
        ("[{key: []}, {password: []}]", ALL, 401),
        ("[{key: [], password: []}]", BASIC, 401),
        ("[{key: [], password: []}]", KEY, 401),
        ("[{key: [], password: []}]", {**BASIC, **KEY}, 200),
        ("[{login: [things.see]}]", SEE, 200),
        ("[{login: [things.see]}]", OTHER, 403),
        ("[{login: [things.see]}, {key: []}]", KEY, 200),
        ("[{login: [things.see]}, {token: []}]", ALL, 200),
    ],
)
def test_an_operation_is_open_to_one_of_its_alternatives(ask, security: str, headers: dict[str, str], status: int) -> None:  # type: ignore[no-untyped-def]
    """Of an alternative every scheme must hold, and every scope."""
    assert ask(security, headers) == status


def test_credentials_of_any_kind_may_do(ask) -> None:  # type: ignore[no-untyped-def]
    """With ``contract.schemes = any``; a stranger stays one."""
    assert ask("[{password: []}]", KEY, "any") == 200
    assert ask("[{password: []}]", {}, "any") == 401


def test_the_operator_says_who_has_the_permission(serve: Serve) -> None:
    """``service.<name>.permission.read``, as of every service."""
    paths = f"/things: {{get: {{operationId: one, security: [{{key: []}}], responses: {OK}}}}}"
    ini = {"service__things__permission__read": "role:keeper"}
    api = serve(document(paths, SCHEMES), "def one(): return 1\n", **ini)

    assert api.by("bob").get("/v1/things", status=403)
    assert api.by("bob", "keeper").get("/v1/things").json == 1


def test_a_method_that_the_ini_leaves_out_is_405(serve: Serve) -> None:
    """``service.<name>.methods``."""
    paths = f"/things: {{get: {{operationId: one, responses: {OK}}}, post: {{operationId: one, responses: {OK}}}}}"
    api = serve(document(paths.replace("one", "two", 1)), "def one(): return 1\ntwo = one\n", service__things__methods="GET")

    assert api.get("/v1/things")
    assert "GET" in api.post("/v1/things", status=405).headers["Allow"]
