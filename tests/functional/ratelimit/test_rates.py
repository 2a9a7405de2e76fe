"""Who is limited, by what, and what the answer says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, assert_problem
from tests.functional.ratelimit.conftest import Build

LIST = "/v1/todos"
POLICY = re.compile(r'"[A-Za-z0-9._-]+";q=[1-9][0-9]*;w=[1-9][0-9]*')
STATE = re.compile(r'"[A-Za-z0-9._-]+";r=[0-9]+;t=[0-9]+')


def at(api: API, address: str) -> API:
    """Return *api*, called from *address*."""
    other = API(api.app, api.assembly)
    other.extra_environ = {**api.extra_environ, "REMOTE_ADDR": address}
    return other


def statuses(api: API, number: int, url: str = LIST, **kw: Any) -> list[int]:
    """Return the statuses of so many reads."""
    return [api.get(url, expect_errors=True, **kw).status_int for _ in range(number)]


def test_a_user_gets_what_the_rate_allows_and_no_more(build: Build) -> None:
    """The fourth of three is refused, and says when to come again."""
    ada = build().by("ada")

    assert statuses(ada, 3) == [200, 200, 200]
    refused = ada.get(LIST, status=429)

    assert_problem(refused, 429, "ratelimit-exceeded")
    assert refused.json["violated-policies"] == ["default"]
    # Three at the beginning of a slot are all in it: its end, and a third of the next one until two of them count.
    assert 1 <= int(refused.headers["Retry-After"]) <= 60 + 60 / 3
    assert refused.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    found = re.fullmatch(r'"default";r=0;t=([0-9]+)', refused.headers["RateLimit"])
    assert found
    assert int(refused.headers["Retry-After"]) >= int(found[1])


def test_an_answer_says_what_is_left(build: Build) -> None:
    """Of every policy, in structured fields; also where it is an error."""
    ada = build(ratelimit__default="5/minute;100/day").by("ada")

    answer = ada.get(LIST)
    missing = ada.get(f"{LIST}/999", status=404)

    assert answer.headers["RateLimit-Policy"] == '"default-minute";q=5;w=60, "default-day";q=100;w=86400'
    assert all(POLICY.fullmatch(part) for part in answer.headers["RateLimit-Policy"].split(", "))
    assert all(STATE.fullmatch(part) for part in answer.headers["RateLimit"].split(", "))
    assert re.match(r'"default-minute";r=4;t=\d+, "default-day";r=99;t=', answer.headers["RateLimit"])
    assert re.match(r'"default-minute";r=3;t=\d+, "default-day";r=98;t=', missing.headers["RateLimit"])


def test_only_the_violated_policies_are_named(build: Build) -> None:
    """A refused request is counted by none of them."""
    ada = build(ratelimit__default="2/minute;100/day").by("ada")
    statuses(ada, 2)

    refused = [ada.get(LIST, status=429) for _ in range(5)][-1]

    assert refused.json["violated-policies"] == ["default-minute"]
    assert '"default-day";r=98;' in refused.headers["RateLimit"]


def test_users_do_not_share_a_budget(build: Build) -> None:
    """Nor do a user and the strangers at the same address."""
    api = build()

    assert statuses(api, 5) == [200, 200, 200, 429, 429]
    assert statuses(api.by("ada"), 3) == [200, 200, 200]
    assert statuses(api.by("bob"), 3) == [200, 200, 200]


def test_addresses_do_not_share_a_budget_but_a_network_of_ipv6_does(build: Build) -> None:
    """One customer has 64 bits of addresses."""
    api = build()

    assert statuses(at(api, "192.0.2.1"), 4) == [200, 200, 200, 429]
    assert statuses(at(api, "192.0.2.2"), 1) == [200]
    assert statuses(at(api, "::ffff:192.0.2.1"), 1) == [429]
    assert [statuses(at(api, f"2001:db8:1:2::{number:x}"), 1)[0] for number in range(1, 6)] == [200, 200, 200, 429, 429]
    assert statuses(at(api, "2001:db8:1:3::1"), 1) == [200]


def test_bad_credentials_are_counted_for_the_address_and_never_for_the_user(build: Build) -> None:
    """Whoever guesses tokens is refused in the end; whoever has one is not."""
    api = build()
    bad = {"Authorization": "Bearer of.ada.forged"}

    assert statuses(api, 5, headers=bad) == [401, 401, 401, 429, 429]
    assert statuses(api, 1) == [429]
    assert statuses(api.by("ada"), 3) == [200, 200, 200]


def test_a_service_has_a_rate_within_that_of_the_caller(build: Build) -> None:
    """Both are counted, and named."""
    ada = build(service__todos__ratelimit="2/minute", ratelimit__default="10/minute").by("ada")

    answer = ada.get(LIST)
    ada.get(f"{LIST}/1", expect_errors=True)
    refused = ada.get(LIST, status=429)

    assert answer.headers["RateLimit-Policy"] == '"service-todos";q=2;w=60, "default";q=10;w=60'
    assert refused.json["violated-policies"] == ["service-todos"]
    assert '"default";r=8;' in refused.headers["RateLimit"]


def test_a_dear_service_costs_more(build: Build) -> None:
    """Five at once, and what does not fit any more is refused as a whole."""
    ada = build(service__todos__ratelimit__cost="5", ratelimit__default="14/minute", ratelimit__anonymous="14/minute").by("ada")

    assert [ada.get(LIST).headers["RateLimit"].split(";")[1] for _ in range(2)] == ["r=9", "r=4"]
    assert ada.get(LIST, status=429).headers["RateLimit"].startswith('"default";r=4;')
    assert ada.get("/v1/nothing", status=404).headers["RateLimit"].startswith('"default";r=3;')


def test_a_role_has_rates_of_its_own(build: Build) -> None:
    """The most generous of several; ``off`` is no limit."""
    ini = {"ratelimit.role.partner": "4/minute", "ratelimit.role.trial": "1/minute", "ratelimit.role.robot": "off"}
    api = build(**ini)

    assert statuses(api.by("ann", "trial"), 2) == [200, 429]
    assert statuses(api.by("ben", "trial", "partner"), 5) == [200, 200, 200, 200, 429]
    assert statuses(api.by("cat", "robot", "trial"), 9) == [200] * 9
    assert statuses(api.by("dan", "unheard"), 4) == [200, 200, 200, 429]


def test_an_api_key_has_a_rate_within_that_of_its_owner(build: Build) -> None:
    """One wild program does not use up what the others of the same user need."""
    api = build(ratelimit__default="5/minute", ratelimit__key="2/minute")

    assert statuses(api.by("ada", "api_key=k1"), 3) == [200, 200, 429]
    assert statuses(api.by("ada", "api_key=k2"), 2) == [200, 200]
    assert statuses(api.by("ada"), 2) == [200, 429]


def test_options_and_health_are_never_limited(build: Build) -> None:
    """Who watches the server must not be refused by it."""
    api = build()
    statuses(api, 4)

    assert statuses(api, 5, "/health/live") == [200] * 5
    assert api.options(LIST).status_int == 204
    assert "RateLimit" not in api.get("/health/live").headers


def test_a_service_can_be_left_out(build: Build) -> None:
    """By its own key or by the list."""
    assert statuses(build(service__todos__ratelimit="off"), 5) == [200] * 5
    assert statuses(build(ratelimit__exempt="todos"), 5) == [200] * 5


def test_no_rate_is_no_limit(build: Build) -> None:
    """And no header."""
    api = build(ratelimit__default="off", ratelimit__anonymous="off")

    assert statuses(api, 5) == [200] * 5
    assert "RateLimit-Policy" not in api.get(LIST).headers


def test_the_requests_of_a_batch_are_counted_too(build: Build) -> None:
    """It is no way around the rates: the one too many undoes all."""
    ada = build(ratelimit__default="4/minute").by("ada", "admin")
    requests = [{"method": "POST", "path": LIST, "body": {"task": f"task {number}"}} for number in range(4)]

    refused = ada.post_json("/v1/batch", {"requests": requests}, status=429)

    assert refused.json["responses"][-1]["body"]["violated-policies"] == ["default"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json["failed"] == 3


def test_a_refused_request_takes_no_connection(build: Build) -> None:
    """The pool belongs to those who are admitted."""
    api = build()
    statuses(api, 3)
    taken: list[Any] = []
    api.registry.runner.lanes.take = taken.append

    assert statuses(api, 1) == [429]
    assert taken == []


def test_two_applications_do_not_count_together(build: Build) -> None:
    """Each has a store of its own."""
    one, other = build(), build()

    assert statuses(one, 4) == [200, 200, 200, 429]
    assert statuses(other, 1) == [200]


@pytest.mark.parametrize(
    ("ini", "key"),
    [
        ({"ratelimit.default": "100/fortnight"}, "ratelimit.default"),
        ({"ratelimit.default": "0/minute"}, "ratelimit.default"),
        ({"ratelimit.default": "5/minute;6/minute"}, "ratelimit.default"),
        ({"ratelimit.role.editor": "many"}, "ratelimit.role.editor"),
        ({"ratelimit.storage": "memcached://there"}, "ratelimit.storage"),
        ({"ratelimit.fail": "perhaps"}, "ratelimit.fail"),
        ({"ratelimit.exempt": "healht"}, "ratelimit.exempt"),
        ({"service.todos.ratelimit": "never"}, "service.todos.ratelimit"),
        ({"service.todos.ratelimit.cost": "4"}, "service.todos.ratelimit.cost"),
        ({"service.todoes.ratelimit": "1/minute"}, "service.todoes"),
    ],
)
def test_a_mistake_in_the_ini_stops_the_start(build: Build, ini: dict[str, str], key: str) -> None:
    """It names the key; a request that could never be admitted is one as well."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build(**ini)

    assert [mistake.key for mistake in caught.value.mistakes] == [key]
