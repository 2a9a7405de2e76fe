"""Programs with a secret of their own. Source: RFC 6749, sections 2.3.1 and 4.4."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
from sqlalchemy import select

from benben.features.jwt.models import Client
from benben.features.jwt.problems import ClientExists, UnknownClient
from benben.features.jwt.services import add_client, issue_access_token, remove_client, renew_secret
from benben.security.events import LoginAttempted
from benben.testing import API, assert_problem
from tests.functional.jwt.conftest import PASSWORD
from tests.functional.jwt.test_refresh import log_in, me, refresh

Add = Callable[..., str]


@pytest.fixture
def api(build: Any) -> API:
    """An application with books."""
    return build(plugin__books="on")


@pytest.fixture
def add(api: API) -> Add:
    """Add a client and return its secret."""

    def add(
        client_id: str = "reports", *, grants: Any = ("client_credentials",), roles: Any = ("reader",), scopes: Any = None
    ) -> str:
        with api.registry.jwt.store.writing() as connection:
            return add_client(connection, client_id, grants=list(grants), roles=list(roles), scopes=scopes)

    return add


def ask(api: API, **parameters: str) -> Any:
    """Return the answer to a request of a client for itself, with its secret in the body."""
    form = {"grant_type": "client_credentials", "client_id": "reports", **parameters}
    return api.post("/v1/auth/token", form, status="*")


def basic(client_id: str, secret: str) -> dict[str, str]:
    """Return the header of a client that proves itself by HTTP Basic."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def test_a_client_has_a_token_for_itself(api: API, add: Add) -> None:
    """With its roles, without a refresh token, and no user of this name."""
    answer = ask(api, client_secret=add())

    assert set(answer.json) == {"access_token", "token_type", "expires_in"}
    assert me(api, answer.json["access_token"]).json == {
        "userid": "client:reports",
        "name": "client:reports",
        "roles": ["reader"],
        "scheme": "Bearer",
    }
    claims = api.registry.jwt.read(answer.json["access_token"])
    assert (claims["sub"], claims["client_id"]) == ("client:reports", "reports")


def test_a_client_may_prove_itself_by_http_basic(api: API, add: Add) -> None:
    """As the standard prefers it; the header says nothing of who calls."""
    secret = add()

    answer = api.post("/v1/auth/token", {"grant_type": "client_credentials"}, headers=basic("reports", secret))

    assert me(api, answer.json["access_token"]).status_int == 200


def test_the_header_is_a_clients_beside_the_plugin_for_users(build: Any, add: Add, api: API) -> None:
    """HTTP Basic of users is on, refuses plain HTTP, and has no say at this address."""
    secret = add()
    other = build(plugin__books="on", plugin__basic="on", database_url=str(api.registry.engine.url))

    answer = other.post("/v1/auth/token", {"grant_type": "client_credentials"}, headers=basic("reports", secret))

    assert answer.status_int == 200
    assert_problem(other.get("/v1/users/me", headers=basic("reports", secret), status="*"), 403, "basic-tls-required")


def test_the_secret_is_kept_nowhere(api: API, add: Add) -> None:
    """Only its hash; it has 256 bits."""
    secret = add()

    with api.registry.engine.connect() as connection:
        assert secret not in str(connection.execute(select(Client)).all())
    assert len(secret) >= 43


@pytest.mark.parametrize("parameters", [{"client_secret": "wrong"}, {}, {"client_id": "nobody", "client_secret": "x"}])
def test_a_client_without_its_secret_is_not_known(api: API, add: Add, parameters: dict[str, str]) -> None:
    """An unknown id, a wrong secret and a missing one get the same answer, and who listens hears of it."""
    add()
    heard: list[LoginAttempted] = []
    api.registry.registerHandler(heard.append, (LoginAttempted,))

    answer = ask(api, **parameters)

    assert assert_problem(answer, 401, "jwt-invalid-client")["error"] == "invalid_client"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert [(attempt.username, attempt.succeeded) for attempt in heard] == [
        (f"client:{parameters.get('client_id', 'reports')}", False)
    ]


@pytest.mark.parametrize(
    "header", ["Basic !", "Basic cmVwb3J0cw==", "Basic /w==", "Basic " + base64.b64encode(b"reports:wrong").decode(), "basic "]
)
def test_a_bad_header_is_challenged_in_its_own_scheme(api: API, add: Add, header: str) -> None:
    """RFC 6749, section 5.2."""
    add()
    answer = api.post("/v1/auth/token", {"grant_type": "client_credentials"}, headers={"Authorization": header}, status="*")

    assert_problem(answer, 401, "jwt-invalid-client")
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="benben"'


@pytest.mark.parametrize("parameters", [{"client_secret": "x"}, {"client_id": "other"}])
def test_a_client_proves_itself_once(api: API, add: Add, parameters: dict[str, str]) -> None:
    """RFC 6749, section 2.3: not in two ways, and not as two."""
    form = {"grant_type": "client_credentials", **parameters}
    answer = api.post("/v1/auth/token", form, headers=basic("reports", add()), status="*")

    assert assert_problem(answer, 400, "jwt-invalid-request")["error"] == "invalid_request"


def test_a_client_reaches_no_further_than_its_scopes(api: API, add: Add) -> None:
    """It may ask for less; the policy holds the token to it."""
    secret = add(roles=["admin"], scopes=["books.*"])
    whole, less = ask(api, client_secret=secret).json, ask(api, client_secret=secret, scope="books.read").json
    more = ask(api, client_secret=secret, scope="authors.read")

    assert (whole["scope"], less["scope"]) == ("books.*", "books.read")
    assert assert_problem(more, 400, "jwt-invalid-scope")["error"] == "invalid_scope"
    headers = {"Authorization": f"Bearer {less['access_token']}"}
    assert api.get("/v1/books", headers=headers).status_int == 200
    refused = api.post_json("/v1/books", {}, headers=headers, status="*")
    assert_problem(refused, 403)
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize("scope", ["books.red", "books:read", "nothing.*", "*.read", "Books.read", "books.read books.red"])
def test_a_scope_is_made_of_permissions(api: API, scope: str) -> None:
    """A word that is none is refused, not ignored: nobody gets less than they think."""
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD, "scope": scope}

    assert_problem(api.post("/v1/auth/token", form, status="*"), 400, "jwt-invalid-scope")


@pytest.mark.parametrize("scope", ["books.read", "books.*", "*", "books.read books.write"])
def test_a_login_may_be_narrowed(api: API, scope: str) -> None:
    """The token says so, and so does the answer."""
    assert log_in(api, scope=scope)["scope"] == " ".join(sorted(scope.split()))


def test_a_registered_client_logs_users_in_with_its_secret(api: API, add: Add) -> None:
    """And nobody else in its name, nor refreshes what it was given."""
    secret = add("app", grants=["password"])
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD, "client_id": "app"}

    assert_problem(api.post("/v1/auth/token", form, status="*"), 401, "jwt-invalid-client")
    issued = api.post("/v1/auth/token", {**form, "client_secret": secret}).json
    assert_problem(refresh(api, issued["refresh_token"]), 401, "jwt-invalid-client")
    assert refresh(api, issued["refresh_token"], client_id="app", client_secret=secret).status_int == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_what_a_registered_client_was_given_it_revokes_itself(api: API, add: Add, kind: str) -> None:
    """With its secret; another client is told that it is not its own."""
    secret, other = add("app", grants=["password"]), add("other")
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD, "client_id": "app", "client_secret": secret}
    token = api.post("/v1/auth/token", form).json[kind]

    assert_problem(api.post("/v1/auth/revoke", {"token": token}, status="*"), 401, "jwt-invalid-client")
    foreign = api.post("/v1/auth/revoke", {"token": token}, headers=basic("other", other), status="*")
    assert_problem(foreign, 400, "jwt-invalid-request")
    assert api.post("/v1/auth/revoke", {"token": token}, headers=basic("app", secret)).status_int == 200


@pytest.mark.parametrize(
    ("grants", "asked"), [(["client_credentials"], "password"), (["password"], "client_credentials"), ([], "client_credentials")]
)
def test_a_client_uses_the_grants_that_it_was_made_for(api: API, add: Add, grants: list[str], asked: str) -> None:
    secret = add("app", grants=grants)
    form = {"grant_type": asked, "username": "ada", "password": PASSWORD, "client_id": "app", "client_secret": secret}

    document = assert_problem(api.post("/v1/auth/token", form, status="*"), 400, "jwt-unauthorized-client")
    assert document["error"] == "unauthorized_client"


def test_a_new_secret_and_the_old_one_are_good_for_a_while(api: API, add: Add) -> None:
    """So that a program can be told without an outage."""
    old = add()
    with api.registry.jwt.store.writing() as connection:
        new = renew_secret(connection, "reports", grace_s=60)
    assert [ask(api, client_secret=secret).status_int for secret in (old, new)] == [200, 200]

    with api.registry.jwt.store.writing() as connection:
        newest = renew_secret(connection, "reports", grace_s=0)
    assert [ask(api, client_secret=secret).status_int for secret in (old, new, newest)] == [401, 401, 200]


def test_a_client_that_is_removed_is_gone_with_its_tokens(api: API, add: Add) -> None:
    """And with those that users had through it; a user's other tokens stay."""
    secret, app = add(), add("app", grants=["password"])
    own = ask(api, client_secret=secret).json["access_token"]
    form = {"grant_type": "password", "username": "ada", "password": PASSWORD, "client_id": "app", "client_secret": app}
    through, other = api.post("/v1/auth/token", form).json["access_token"], issue_access_token(api.registry, "ada")

    with api.registry.jwt.store.writing() as connection:
        remove_client(connection, "reports")
        remove_client(connection, "app")
    api.registry.jwt.ledger.now()

    assert_problem(ask(api, client_secret=secret), 401, "jwt-invalid-client")
    assert [me(api, token).status_int for token in (own, through, other)] == [401, 401, 200]


def test_a_client_has_one_id_and_a_good_one(api: API, add: Add) -> None:
    add()
    with pytest.raises(ClientExists):
        add()
    with pytest.raises(UnknownClient), api.registry.jwt.store.writing() as connection:
        remove_client(connection, "nobody")
    with pytest.raises(UnknownClient), api.registry.jwt.store.writing() as connection:
        renew_secret(connection, "nobody", grace_s=0)
