"""A key in a request: in one header, and nowhere else."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest
from sqlalchemy import create_engine, select, update
from sqlalchemy.orm import Session

from benben.db.models import utc_now
from benben.features.apikey.models import ApiKey
from benben.features.identity.services import deactivate, set_roles
from benben.testing import API, assert_problem, statements_of
from tests.functional.apikey.conftest import make, me


@pytest.mark.parametrize(
    "headers", [{"X-API-Key": "{}"}, {"Authorization": "ApiKey {}"}, {"Authorization": "APIKEY  {}"}, {"X-API-Key": " {} "}]
)
def test_a_key_says_who_its_user_is(build: Any, database_url: str, headers: dict[str, str]) -> None:
    """In either header, with the roles that the user has now."""
    api = build(database_url=database_url)
    key = make(api)

    answer = api.get("/v1/users/me", headers={name: text.format(key) for name, text in headers.items()})

    assert answer.json == {"userid": "ada", "name": "ada", "roles": ["editor"], "scheme": "ApiKey"}


def test_a_key_has_the_form_that_a_scanner_knows(build: Any) -> None:
    """A visible part of prefix and id, a dot, and 256 bits."""
    prefix, _, rest = make(build(apikey__key_prefix="acme")).partition("_")
    key_id, _, secret = rest.partition(".")

    assert (prefix, len(key_id), len(secret)) == ("acme", 12, 43)
    assert (key_id + secret).isalnum()


BAD = {
    "another secret": lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"),
    "another id": lambda key: key[:3] + ("a" if key[3] != "a" else "b") + key[4:],
    "no secret": lambda key: key.partition(".")[0],
    "a longer secret": lambda key: key + "a",
    "another prefix": lambda key: "xx" + key[2:],
    "no dot": lambda key: key.replace(".", ""),
    "empty": lambda _: "",
    "one word": lambda _: "x",
    "SQL": lambda _: "bb_' OR 1=1 --.x",
    "letters that are none": lambda key: key[:-1] + "\u00e9",
    "100 kB": lambda key: key + "a" * 100_000,
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("path", ["/v1/users/me", "/v1/api-keys", "/health/live"])
def test_a_bad_key_is_refused(build: Any, name: str, path: str) -> None:
    """One answer whatever is wrong, on public addresses too; and the challenge."""
    api = build(plugin__health="on")

    answer = api.get(path, headers={"X-API-Key": BAD[name](make(api))}, status="*")

    document = assert_problem(answer, 401, "apikey-invalid")
    assert "detail" not in document
    assert answer.headers["WWW-Authenticate"] == 'ApiKey realm="benben"'


def test_credentials_come_once(api: API) -> None:
    """Two headers are refused unseen: which of them counts would be a guess."""
    key = make(api)

    for other in (f"ApiKey {key}", "Bearer x.y.z", "Basic YTpi"):
        answer = api.get("/v1/users/me", headers={"X-API-Key": key, "Authorization": other}, status="*")
        assert_problem(answer, 400, "apikey-malformed")


@pytest.mark.parametrize("path", ["/v1/users/me?api_key={}", "/v1/books?q={}"])
def test_a_key_in_the_address_is_a_bad_request(api: API, path: str) -> None:
    """Addresses are written to logs."""
    answer = api.get(path.format(make(api)), status="*")

    assert_problem(answer, 400, "apikey-malformed")


def test_a_stranger_is_told_how_to_prove_who_they_are(api: API) -> None:
    assert 'ApiKey realm="benben"' in api.get("/v1/users/me", status=401).headers["WWW-Authenticate"]


def test_a_key_is_asked_about_once_in_a_while(api: API) -> None:
    """Between two looks a known key costs no statement."""
    key = make(api)
    me(api, key)
    api.registry.apikey.usage.write()

    with statements_of(api) as sent:
        for _ in range(20):
            assert me(api, key).status_int == 200

    assert sent == []


def test_a_key_expires(api: API) -> None:
    """To the moment, also where it was verified before."""
    key = make(api, expires_at=utc_now() + datetime.timedelta(seconds=0.4))
    assert me(api, key).status_int == 200
    time.sleep(0.45)

    assert_problem(me(api, key), 401, "apikey-invalid")


@pytest.mark.parametrize("what", ["revoked", "deactivated", "without roles"])
def test_a_change_is_known_in_every_process_within_the_recheck(build: Any, database_url: str, what: str) -> None:
    """A second application on the same database, which knew the key as a good one."""
    here, there = build(database_url=database_url), build(database_url=database_url)
    key = make(here)
    assert me(there, key).status_int == 200

    with Session(here.registry.engine) as session, session.begin():
        if what == "revoked":
            here.registry.apikey.revoke(session, key.partition(".")[0])
        elif what == "deactivated":
            deactivate(session, "ada")
        else:
            set_roles(session, "ada", [])
    time.sleep(1.05)

    answer = me(there, key)
    if what == "without roles":
        assert answer.json["roles"] == []
    else:
        assert_problem(answer, 401, "apikey-invalid")


def test_without_a_database_nobody_is_let_in(api: API) -> None:
    """503, and when to come again; not 401 and not 200."""
    key = make(api)
    api.registry.apikey._readers = create_engine(
        "postgresql+psycopg://nobody@127.0.0.1:1/nothing", connect_args={"connect_timeout": 1}
    )

    assert_problem(me(api, key), 503, "db-unavailable")


def test_a_scope_narrows_a_key(api: API) -> None:
    """The policy holds it to that, whatever its user may do."""
    headers = {"X-API-Key": make(api, scopes=["books.read"])}

    assert api.get("/v1/books", headers=headers).status_int == 200
    assert_problem(api.post_json("/v1/books", {}, headers=headers, status="*"), 403)
    assert_problem(api.get("/v1/api-keys", headers=headers, status="*"), 403)


def test_the_last_use_is_written_once_a_minute(build: Any, database_url: str) -> None:
    """By another thread: the request that uses a key waits for no write."""
    api = build(database_url=database_url)
    key = make(api)
    me(api, key)
    first = _last_use(api, wait_s=5)
    me(api, key)
    time.sleep(1.2)

    assert abs((utc_now() - first).total_seconds()) < 10
    assert _last_use(api) == first


def test_a_use_that_cannot_be_written_refuses_nobody(api: API, caplog: Any) -> None:
    """A line in the log, and the key is good."""
    key = make(api)
    usage = api.registry.apikey.usage
    usage._engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing", connect_args={"connect_timeout": 1})

    assert me(api, key).status_int == 200
    usage.write()

    assert "cannot be written" in caplog.text


def _last_use(api: API, wait_s: float = 0) -> Any:
    ends = time.monotonic() + wait_s
    while True:
        with api.registry.engine.connect() as connection:
            found = connection.scalars(select(ApiKey.last_used_at)).one()
        if found is not None or time.monotonic() > ends:
            return found
        time.sleep(0.05)


def test_a_use_a_minute_later_is_written_again(api: API) -> None:
    """The memory of what was written is a minute long."""
    key = make(api)
    usage, now = api.registry.apikey.usage, [time.monotonic()]
    usage._written._clock = lambda: now[0]
    me(api, key)
    usage.write()
    with api.registry.engine.begin() as connection:
        connection.execute(update(ApiKey).values(last_used_at=None))

    now[0] += 61
    me(api, key)
    usage.write()

    assert _last_use(api) is not None
