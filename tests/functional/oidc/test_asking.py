"""What is asked of a provider, how often, and what is taken for an answer."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from benben.features.oidc.problems import ProviderUnavailable
from benben.features.oidc.services.fetch import FetchFailed
from benben.features.oidc.services.kept import Kept
from benben.kernel import ConfigurationMistakes
from benben.testing import API, assert_problem
from tests.functional.oidc.conftest import HTML, Build, log_in, me
from tests.functional.oidc.provider import Provider

DISCOVERY = "/.well-known/openid-configuration"


def begin(api: API, **headers: str) -> Any:
    """Want to log in."""
    return api.get("/login/corp", headers={"Accept": "application/json", **headers}, expect_errors=True)


def drip(handler: Any) -> None:
    """Send a byte of a header now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    try:
        for _ in range(100):
            handler.wfile.write(b"a")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        pass


BAD_ANSWERS: dict[str, Callable[[Any], None]] = {
    "hangs": lambda _handler: time.sleep(12),
    "drips": drip,
    "too long": lambda handler: handler.tell(b"[" + b"1," * 5000 + b"1]"),
    "compressed": lambda handler: handler.tell(gzip.compress(b"{}"), 200, **{"Content-Encoding": "gzip"}),
    "no json": lambda handler: handler.tell(b"<html>"),
    "no object": lambda handler: handler.tell(b"[]"),
    "deep": lambda handler: handler.tell(b'{"a":' * 50 + b"1" + b"}" * 50),
    "redirect": lambda handler: handler.tell(b"", 302, Location="/jwks"),
    "error": lambda handler: handler.tell(b"{}", 500),
    "refusal": lambda handler: handler.tell(b"{}", 404),
    "nothing": lambda handler: handler.connection.close(),
}


@pytest.mark.parametrize("path", [DISCOVERY, "/jwks", "/token"])
@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_a_bad_answer_is_one_of_the_provider(build: Build, provider: Provider, path: str, kind: str) -> None:
    """Within the time that the ini gives it, all in all; nobody is let in, nothing breaks."""
    api = build(oidc__timeout="1", oidc__max_bytes="4096")
    provider.answers[path] = BAD_ANSWERS[kind]
    begun = time.monotonic()
    answer = begin(api) if path == DISCOVERY else log_in(api, provider)

    assert answer.status_int == (403 if (path, kind) == ("/token", "refusal") else 503)
    assert time.monotonic() - begun < 8
    assert me(api).status_int == 401


def test_a_provider_that_is_down_is_left_alone(build: Build, provider: Provider) -> None:
    """After a failure nobody asks it for a while, and the caller is told for how long."""
    api = build(oidc__cooldown="30")
    provider.answers[DISCOVERY] = BAD_ANSWERS["error"]
    answers = [begin(api) for _ in range(5)]

    assert provider.asked[DISCOVERY] == 1
    assert_problem(answers[0], 503, "oidc-provider-unavailable")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 30
    page = begin(api, **HTML)
    assert page.status_int == 503
    assert "cannot be reached just now" in page.text
    assert page.headers["Retry-After"]


def test_a_provider_that_comes_back_is_asked_again(build: Build, provider: Provider) -> None:
    """After the pause."""
    api = build(oidc__cooldown="1")
    provider.answers[DISCOVERY] = BAD_ANSWERS["error"]
    assert begin(api).status_int == 503
    del provider.answers[DISCOVERY]
    time.sleep(1.1)

    assert log_in(api, provider).status_int == 303


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
        {"token_endpoint": "https://evil.example/token"},
        {"jwks_uri": "http://127.0.0.1:1/jwks"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://user:secret@127.0.0.1/jwks"},
        {"jwks_uri": 7},
        {"jwks_uri": None},
        {"jwks_uri": "http://[::1"},
        {"authorization_endpoint": "https://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
def test_a_provider_leads_nowhere_else(api: API, provider: Provider, changed: dict[str, Any]) -> None:
    """Not to hosts that the operator has not named, not to another issuer, not without PKCE."""
    provider.discovery = changed

    assert_problem(begin(api), 503, "oidc-provider-unavailable")


def test_the_operator_names_further_hosts(build: Build, provider: Provider) -> None:
    """By name and port."""
    other = provider.issuer.replace("127.0.0.1", "localhost")
    provider.discovery = {"jwks_uri": f"{other}/jwks", "token_endpoint": f"{other}/token"}
    host = other.removeprefix("http://")

    assert begin(build()).status_int == 503
    assert log_in(build(corp__hosts=host), provider).status_int == 303


def test_many_at_once_ask_once(api: API, provider: Provider) -> None:
    """The others wait for the one who asks."""
    provider.answers[DISCOVERY] = lambda handler: (time.sleep(0.3), handler.tell(provider.answer(DISCOVERY)))[1]
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(begin(API(api.app, api.assembly)).status_int)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [303] * 8
    assert provider.asked[DISCOVERY] == 1


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_old_answer_counts_while_the_provider_is_down() -> None:
    """For a day; who is let in today is let in during an outage."""
    clock, answers = Clock(), [1]

    def fetch() -> int:
        if not answers:
            raise FetchFailed("down")
        return answers.pop()

    kept: Kept[int] = Kept("it", fetch, ttl_s=60, cooldown_s=10, clock=clock)
    assert kept.get() == 1
    clock.now += 3600
    assert kept.get() == 1
    answers.append(2)
    assert kept.get() == 1
    clock.now += 10
    assert kept.get() == 2
    clock.now += 86_401
    with pytest.raises(ProviderUnavailable) as caught:
        kept.get()
    assert caught.value.headers["Retry-After"] == "10"


@pytest.mark.parametrize(
    ("ini", "text"),
    [
        ({"corp__issuer": "http://evil.example"}, "has no TLS"),
        ({"oidc__plain_http": "off"}, "has no TLS"),
        ({"corp__issuer": "corp.example"}, "expected the address of the provider"),
        ({"corp__audience": "benben"}, "is the client_id"),
        ({"corp__scope": "profile"}, "lacks openid"),
        ({"corp__algorithms": "none"}, "expected words out of"),
        ({"corp__algorithms": "HS256"}, "expected words out of"),
        ({"oidc__providers": "Corp"}, "expected names"),
        ({"oidc__providers": "corp corp"}, "expected names"),
        ({"oidc__providers": "corp other"}, "oidc.other.issuer"),
        ({"oidc__answer": "token"}, "needs plugin.jwt"),
        ({"corp__role__staff": "Not A Role"}, "expected roles"),
        ({"corp__isuer": "x"}, "is not a setting"),
        ({"corp__hosts": "https://x"}, "expected names of hosts"),
    ],
)
def test_a_mistake_in_the_ini_stops_the_start(build: Build, ini: dict[str, str], text: str) -> None:
    """With what was expected, before anybody is asked."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build(**ini)

    assert text in str(caught.value)


def test_two_providers_are_two_entrances(build: Build, provider: Provider) -> None:
    """Each with its own link, its own users and its own groups."""
    other = {"issuer": "https://id.example", "client_id": "x", "title": "Log in with <Other>"}
    api = build(oidc__providers="corp other", **{f"oidc__other__{name}": text for name, text in other.items()})
    page = api.get("/login?next=/v1/todos", headers=HTML).text

    assert 'href="/login/corp?next=/v1/todos">Log in with corp<' in page
    assert "Log in with &lt;Other&gt;" in page


def test_whoever_has_an_event_loop_can_ask_too(api: API, provider: Provider) -> None:
    """A gateway of WebSockets authenticates inside of one."""

    async def ask() -> int:
        return int(me(api, provider.access_token()).status_int)

    assert asyncio.run(ask()) == 200
