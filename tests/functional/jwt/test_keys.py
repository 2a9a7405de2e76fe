"""Keys follow each other without an outage, and others can verify with their public halves."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any

import jwt as pyjwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from sqlalchemy import select, update

from benben.db.models import utc_now
from benben.features.jwt.models import SigningKey
from benben.features.jwt.services import Rotated, issue_access_token, rotate
from benben.features.jwt.services.keys import generate_key
from benben.features.jwt.services.store import count_up
from benben.kernel import ConfigurationMistakes, Values
from benben.testing import API, assert_problem
from tests.functional.jwt.test_refresh import log_in, me

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
SECRET = "0123456789abcdef" * 4


def rotate_key(api: API, **more: Any) -> Rotated:
    """Make a key as the command does."""
    jwt = api.registry.jwt
    with jwt.store.writing() as connection:
        return rotate(connection, jwt.ring.first, seal=jwt.seal, settings=jwt.settings, **more)


def pass_by(api: API, seconds: float) -> None:
    """Have all keys be older by so many seconds, for every process that looks at them again."""
    with api.registry.engine.begin() as connection:
        for row in connection.execute(select(SigningKey)).all():
            times = {"signs_at": row.signs_at, "retires_at": row.retires_at}
            older = {name: at - datetime.timedelta(seconds=seconds) for name, at in times.items() if at and at.year > 1970}
            connection.execute(update(SigningKey).where(SigningKey.kid == row.kid).values(older))
    with api.registry.jwt.store.writing() as connection:
        count_up(connection)


def kid_of(token: str) -> str:
    """Return the key that a token names."""
    return pyjwt.get_unverified_header(token)["kid"]


def keys_of(api: API) -> list[dict[str, Any]]:
    """Return what is published."""
    return json.loads(api.get("/.well-known/jwks.json").body)["keys"]


@pytest.fixture(params=["RS256", "ES256", "EdDSA"])
def asymmetric(request: Any) -> dict[str, str]:
    """The settings of an algorithm with two halves."""
    algorithm: str = request.param
    return {"jwt__algorithm": algorithm, "jwt__private_key": generate_key(algorithm), "benben__secret": SECRET}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_others_verify_with_what_is_published(build: Any, asymmetric: dict[str, str]) -> None:
    """By another library, from the address alone; nothing private is in it."""
    api = build(**asymmetric)
    token = issue_access_token(api.registry, "ada")

    answer = api.get("/.well-known/jwks.json")
    found = joserfc_jwt.decode(token, KeySet.import_key_set(json.loads(answer.body)), algorithms=[asymmetric["jwt__algorithm"]])

    assert found.claims["sub"] == "ada"
    assert answer.content_type == "application/jwk-set+json"
    for key in json.loads(answer.body)["keys"]:
        assert not PRIVATE_MEMBERS & set(key)
        assert {"kid", "alg", "use", "kty"} <= set(key)


def test_a_cache_may_keep_the_keys_and_confirm_them(build: Any, asymmetric: dict[str, str]) -> None:
    """An ETag, a time, and 304 without a body."""
    api = build(**asymmetric)
    answer = api.get("/.well-known/jwks.json")
    again = api.get("/.well-known/jwks.json", headers={"If-None-Match": answer.headers["ETag"]}, status=304)

    assert answer.headers["Cache-Control"] == again.headers["Cache-Control"] == "public, max-age=300"
    assert again.body == b""
    rotate_key(api)
    api.registry.jwt.ledger.now()
    assert api.get("/.well-known/jwks.json", headers={"If-None-Match": answer.headers["ETag"]}).status_int == 200


def test_a_secret_is_not_published(api: API) -> None:
    """HS256 has no public half: the set is there and empty, also after a rotation."""
    rotate_key(api)

    assert keys_of(api) == []


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_a_rotation_refuses_nobody(build: Any, algorithm: str, database_url: str) -> None:
    """Published at once, signing later, the old key good as long as its tokens live."""
    api = build(
        database_url=database_url, jwt__algorithm=algorithm, jwt__private_key=generate_key(algorithm), benben__secret=SECRET
    )
    old = issue_access_token(api.registry, "ada")
    rotated = rotate_key(api)

    still = issue_access_token(api.registry, "ada")
    assert kid_of(still) == kid_of(old) != rotated.kid
    if algorithm != "HS256":
        assert {key["kid"] for key in keys_of(api)} == {kid_of(old), rotated.kid}

    pass_by(api, 601)
    new = issue_access_token(api.registry, "ada")
    assert kid_of(new) == rotated.kid
    assert [me(api, token).status_int for token in (old, still, new)] == [200, 200, 200]

    pass_by(api, 900 + 2 * 30)
    new = issue_access_token(api.registry, "ada")
    assert assert_problem(me(api, old), 401, "jwt-invalid-token")["detail"] == "The key of the token is not known."
    assert me(api, new).status_int == 200
    if algorithm != "HS256":
        assert [key["kid"] for key in keys_of(api)] == [rotated.kid]


def test_another_process_knows_a_key_that_it_meets(build: Any, tmp_path: Any) -> None:
    """Also where it has looked at the table a moment ago; no restart."""
    url = f"sqlite:///{tmp_path}/var/test.sqlite"
    here, there = (build(database_url=url, benben__secret=SECRET) for _ in range(2))
    me(there, issue_access_token(there.registry, "ada"))
    time.sleep(0.3)
    rotated = rotate_key(here, is_compromised=True)

    token = issue_access_token(here.registry, "ada")

    assert kid_of(token) == rotated.kid
    assert me(there, token).status_int == 200


def test_a_key_in_other_hands_is_worth_nothing_at_once(build: Any, tmp_path: Any) -> None:
    """``--compromised``: what it signed is refused, remembered or not; here and, after a look, elsewhere."""
    url = f"sqlite:///{tmp_path}/var/test.sqlite"
    here, there = (build(database_url=url, benben__secret=SECRET) for _ in range(2))
    token = issue_access_token(here.registry, "ada")
    assert [me(api, token).status_int for api in (here, there)] == [200, 200]

    rotate_key(here, is_compromised=True)
    time.sleep(here.registry.jwt.settings.recheck + 0.1)

    assert [me(api, token).status_int for api in (here, there)] == [401, 401]
    assert me(there, log_in(there)["access_token"]).status_int == 200


def test_a_token_without_a_kid_is_good_while_there_is_one_key(api: API, forger: Any) -> None:
    """With two nobody knows which one is meant."""
    token = forger.sign(forger.header(kid=None), forger.claims())
    assert me(api, token).status_int == 200

    rotate_key(api)
    api.registry.jwt.ledger.now()

    assert_problem(me(api, token), 401, "jwt-invalid-token")


def test_two_rotations_in_a_row_leave_one_that_signs(api: API) -> None:
    """The second new key is the last word; the first is known until its time is over."""
    rotate_key(api)
    second = rotate_key(api)
    pass_by(api, 601)

    assert kid_of(issue_access_token(api.registry, "ada")) == second.kid


def test_a_change_of_the_algorithm_is_a_rotation(build: Any, tmp_path: Any) -> None:
    """The ini names another one, the next key has it, and tokens of both are good."""
    url = f"sqlite:///{tmp_path}/var/test.sqlite"
    key = generate_key("ES256")
    api = build(database_url=url, benben__secret=SECRET, jwt__algorithm="ES256", jwt__private_key=key)
    old = issue_access_token(api.registry, "ada")
    jwt = api.registry.jwt
    changed = {name: getattr(jwt.settings, name) for name in ("access_ttl", "leeway", "rotation_lead")}
    settings = Values({**changed, "algorithm": "EdDSA"})
    with jwt.store.writing() as connection:
        rotate(connection, jwt.ring.first, seal=jwt.seal, settings=settings)
    pass_by(api, 601)
    new = issue_access_token(api.registry, "ada")

    assert pyjwt.get_unverified_header(new)["alg"] == "EdDSA"
    assert [me(api, token).status_int for token in (old, new)] == [200, 200]


def test_a_copy_of_the_database_alone_signs_nothing(api: API) -> None:
    """Keys are sealed with ``benben.secret``."""
    rotate_key(api)

    with api.registry.engine.connect() as connection:
        sealed = [row.sealed for row in connection.execute(select(SigningKey)) if row.sealed]
    assert len(sealed) == 1
    jwt = api.registry.jwt
    jwt.ledger.now()
    secrets = [term.key.signing for term in jwt.ring.terms()]
    assert not [secret for secret in secrets if secret in sealed[0]]


def test_a_process_with_another_secret_gives_no_tokens(build: Any, tmp_path: Any, caplog: Any) -> None:
    """It cannot open the key that signs: 503 and a line in the log, not a token that all others refuse."""
    url = f"sqlite:///{tmp_path}/var/test.sqlite"
    here = build(database_url=url, benben__secret=SECRET)
    rotate_key(here, is_compromised=True)
    there = build(database_url=url, benben__secret=SECRET[::-1])

    form = {"grant_type": "password", "username": "ada", "password": "correct horse battery"}
    answer = there.post("/v1/auth/token", form, status="*")

    assert_problem(answer, 503, "jwt-no-key")
    assert "sealed with another benben.secret" in caplog.text


def test_a_lead_that_is_too_short_stops_the_start(build: Any) -> None:
    """Others would meet tokens of a key that their cache does not have."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build(jwt__rotation_lead="60", jwt__jwks_max_age="60")

    assert [mistake.key for mistake in caught.value.mistakes] == ["jwt.rotation_lead"]


def test_old_keys_are_deleted_and_the_one_of_the_ini_is_not(api: API) -> None:
    """Without its row the first key would be good again."""
    first = api.registry.jwt.ring.first.kid
    second = rotate_key(api, is_compromised=True)
    third = rotate_key(api, is_compromised=True)
    with api.registry.engine.begin() as connection:
        connection.execute(update(SigningKey).values(retires_at=utc_now() - datetime.timedelta(days=2)))
    last = rotate_key(api)

    with api.registry.engine.connect() as connection:
        assert set(connection.scalars(select(SigningKey.kid))) == {first, last.kid}
    assert {second.kid, third.kid}.isdisjoint({first, last.kid})
