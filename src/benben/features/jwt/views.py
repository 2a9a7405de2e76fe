"""Tokens given, revoked, and the keys that they are verified with. Source: RFC 6749, RFC 7009, RFC 7517."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from benben.features.identity.interfaces import IUsers
from benben.features.jwt.operations import ended_operation, keys_operation, revoke_operation, token_operation
from benben.features.jwt.problems import (
    InvalidClient,
    InvalidGrant,
    InvalidToken,
    TokenRefused,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from benben.features.jwt.schemas import (
    DEFAULT_CLIENT,
    GRANT_TYPES,
    GrantSchema,
    PasswordSchema,
    RefreshSchema,
    RevokeAllSchema,
    RevokeSchema,
)
from benben.features.jwt.services import (
    Clients,
    Grants,
    Program,
    Scopes,
    Store,
    Tokens,
    revoke_claims,
    revoke_grant,
    revoke_subject,
)
from benben.features.jwt.services.parameters import read_client, read_parameters, understand
from benben.kernel.problems import Forbidden
from benben.kernel.wire import write_json
from benben.rest.negotiation import choose
from benben.rest.service import JSON, Service, json_response
from benben.security.audited import Audited
from benben.security.events import LoginAttempted, LoginBegan

if TYPE_CHECKING:
    from benben.features.jwt.interfaces import Issued
    from benben.kernel import Request

NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
GRANT, PASSWORD, REFRESH, REVOKE = GrantSchema(), PasswordSchema(), RefreshSchema(), RevokeSchema()


class TokenView:
    """Give a token for a password, for the secret of a client, or for a refresh token."""

    def __init__(
        self, grants: Grants, clients: Clients, users: Callable[[], IUsers], *, scopes: Scopes, allowed: tuple[str, ...]
    ) -> None:
        self._grants, self._clients, self._users, self._scopes = grants, clients, users, scopes
        self._flows = {
            "password": self._by_password,
            "client_credentials": self._by_secret,
            "refresh_token": self._by_refresh_token,
        }
        self._allowed = allowed

    @property
    def operation(self) -> dict[str, Any]:
        """Return what the documents show of the body."""
        return token_operation([name for name in GRANT_TYPES if name in self._allowed])

    def __call__(self, request: Request) -> Response:
        """Return the token, which is never stored by a cache."""
        choose(request.environ.get("HTTP_ACCEPT"), (JSON,))
        parameters = read_parameters(request)
        asked = understand(GRANT, parameters)
        flow = self._flows.get(asked["grant_type"])
        if flow is None or asked["grant_type"] not in self._allowed:
            raise UnsupportedGrantType()
        issued = flow(request, parameters, asked)
        return json_response(write_json(issued.as_dict()), headers=NO_STORE)

    def _by_password(self, request: Request, parameters: dict[str, Any], asked: dict[str, Any]) -> Issued:
        said = understand(PASSWORD, parameters)
        client_id, program = self._client(request, asked)
        scopes = self._scopes.narrow(asked["scope"], None if program is None else program.scopes)
        request.registry.notify(LoginBegan(request, said["username"]))
        account = self._users().authenticate(said["username"], said["password"])
        # What is written is written before others hear of it: they may write in the transaction of the request.
        issued = None if account is None else self._grants.begin(account, client_id=client_id or DEFAULT_CLIENT, scopes=scopes)
        request.registry.notify(LoginAttempted(request, said["username"], issued is not None))
        if issued is None:
            raise InvalidGrant()
        return issued

    def _by_secret(self, request: Request, _parameters: dict[str, Any], asked: dict[str, Any]) -> Issued:
        _, program = self._client(request, asked)
        if program is None:
            raise InvalidClient()
        issued = self._grants.for_client(program, asked["scope"])
        request.registry.notify(LoginAttempted(request, program.subject, succeeded=True))
        return issued

    def _by_refresh_token(self, request: Request, parameters: dict[str, Any], asked: dict[str, Any]) -> Issued:
        said = understand(REFRESH, parameters)
        client_id, program = self._client(request, asked)
        found = self._grants.client_of(said["refresh_token"])
        if found is not None and program is None and self._clients.is_registered(found[1]):
            raise InvalidClient()
        return self._grants.refresh(said["refresh_token"], client_id=client_id, scope=asked["scope"])

    def _client(self, request: Request, asked: dict[str, Any]) -> tuple[str | None, Program | None]:
        """Return what the client is called, and the client where it is registered and has proved itself."""
        program = recognize(request, self._clients, asked)
        # Whoever may ask for a password may refresh what it gave.
        needed = "password" if asked["grant_type"] == "refresh_token" else asked["grant_type"]
        if program is not None and needed not in program.grants:
            raise UnauthorizedClient()
        return asked["client_id"] if program is None else program.id, program


class RevokeView:
    """Revoke an access token or a refresh token; one that is not known is none already."""

    @property
    def operation(self) -> dict[str, Any]:
        """Return what the documents show of the body."""
        return revoke_operation()

    def __init__(self, store: Store, tokens: Tokens, grants: Grants, *, clients: Clients) -> None:
        self._store, self._tokens, self._grants, self._clients = store, tokens, grants, clients

    def __call__(self, request: Request) -> Response:
        """Answer 200 without a body (RFC 7009, section 2.2)."""
        parameters = understand(REVOKE, read_parameters(request))
        program = recognize(request, self._clients, parameters)
        if parameters["token"].count(".") == 2:
            self._revoke_access_token(request, parameters["token"], program)
        else:
            self._revoke_refresh_token(request, parameters["token"], program)
        self._tokens.ledger.now()
        return Response(status=200, headerlist=[("Content-Length", "0"), *NO_STORE])

    def _revoke_access_token(self, request: Request, token: str, program: Program | None) -> None:
        try:
            claims = self._tokens.read(token)
        except InvalidToken:
            return
        self._require_owner(claims.get("client_id", ""), program)
        with self._store.writing() as connection:
            revoke_claims(connection, claims)
            tell(request, connection, "token-revoked", subject=claims["sub"], jti=claims["jti"])

    def _revoke_refresh_token(self, request: Request, token: str, program: Program | None) -> None:
        found = self._grants.client_of(token)
        if found is None:
            return
        grant_id, client_id, user = found
        self._require_owner(client_id, program)
        with self._store.writing() as connection:
            revoke_grant(connection, grant_id)
            tell(request, connection, "grant-revoked", subject=user, grant=grant_id)

    def _require_owner(self, client_id: str, program: Program | None) -> None:
        """Raise unless the token was given to the client that asks; one without a secret has the token itself to show."""
        if program is not None and program.id != client_id:
            raise TokenRefused("The token is another client's.")
        if program is None and self._clients.is_registered(client_id):
            raise InvalidClient()


class KeysView:
    """Show the public keys that tokens are verified with, those of tomorrow included."""

    @property
    def operation(self) -> dict[str, Any]:
        """Return what the documents show of the answer."""
        return keys_operation()

    def __init__(self, tokens: Tokens, *, max_age_s: int) -> None:
        self._tokens = tokens
        self._control = f"public, max-age={max_age_s}"

    def __call__(self, request: Request) -> Response:
        """Return the keys; what a cache has is confirmed by its ETag."""
        self._tokens.ledger.look()
        body = write_json({"keys": self._tokens.ring.published(time.time())})
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = [("Cache-Control", self._control), ("ETag", etag), ("Access-Control-Allow-Origin", "*")]
        if etag in [item.strip().removeprefix("W/") for item in request.environ.get("HTTP_IF_NONE_MATCH", "").split(",")]:
            return Response(status=304, headerlist=headers)
        headers += [("Content-Type", "application/jwk-set+json"), ("Content-Length", str(len(body)))]
        return Response(app_iter=[body], headerlist=[*headers, ("X-Content-Type-Options", "nosniff")])


def revoke_all_service(tokens: Any) -> Service:
    """Return the service that ends every login of somebody: of the caller, or of another for an administrator."""
    service = Service("jwt.revoke-all", "/auth/revoke-all", summary="End all logins and tokens of a user.")

    def revoke_all(request: Request) -> Response:
        name = request.validated["username"] or request.identity.userid
        if name != request.identity.userid and not request.has_permission("jwt.revoke"):
            raise Forbidden()
        with tokens.store.writing() as connection:
            revoke_subject(connection, name)
            tell(request, connection, "all-tokens-revoked", subject=name)
        tokens.ledger.now()
        return Response(status=204)

    service.add_view("POST", revoke_all, schema=RevokeAllSchema(), permission="jwt.write", operation=ended_operation())
    return service


def recognize(request: Request, clients: Clients, parameters: dict[str, Any]) -> Program | None:
    """Return the registered client that asks, None for a program that only has a name.

    Raises: InvalidClient (401), and who listens to logins hears of it.
    """
    said = read_client(request, parameters)
    try:
        return clients.recognize(said.id, said.secret, is_basic=said.is_basic)
    except InvalidClient:
        request.registry.notify(LoginAttempted(request, f"client:{said.id}", succeeded=False))
        raise


def tell(request: Request, connection: Any, action: str, *, subject: str, **after: str) -> None:
    """Have a revocation recorded in its own transaction, where somebody records."""
    told = Audited(action=action, resource="tokens", key=subject, request=request, connection=connection, after=after)
    request.registry.notify(told)
