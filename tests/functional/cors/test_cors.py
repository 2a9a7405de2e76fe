"""Who may read an answer from a page of another origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from webob import Request

from benben.kernel.mistakes import ConfigurationMistakes
from benben.testing import API, assert_problem, build_api

PAGE, STRANGER = "https://app.example.org", "https://evil.example"
INI = {
    "plugin.cors": "on",
    "cors.origins": f"{PAGE} https://*.partner.example",
    "plugin.books": "on",
    "plugin.todos": "on",
    "plugin.batch": "on",
    "plugin.compression": "on",
}
Build = Callable[..., API]
ALLOW_ORIGIN, ALLOW_METHODS = "Access-Control-Allow-Origin", "Access-Control-Allow-Methods"
CREDENTIALS, EXPOSED = "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Return a function that starts an application; ``cors__origins`` stands for the key with a dot."""
    started = []

    def build(**ini: str) -> API:
        started.append(build_api(tmp_path, {**INI, **{key.replace("__", "."): text for key, text in ini.items()}}))
        return started[-1]

    yield build
    for api in started:
        api.close()


@pytest.fixture
def api(build: Build) -> API:
    """A library and a list of things to do."""
    return build()


def send(api: API, url: str, origin: str = PAGE, method: str = "GET", **headers: str) -> Any:
    """Return the answer to a request from a page of *origin*."""
    sent = {"Origin": origin} | {name.replace("_", "-"): value for name, value in headers.items()}
    return api.request(url, method=method, headers=sent, expect_errors=True)


def preflight(api: API, url: str, method: str, origin: str = PAGE, **headers: str) -> Any:
    """Return the answer to the question that a browser asks before a request."""
    return send(api, url, origin, "OPTIONS", Access_Control_Request_Method=method, **headers)


def words(text: str) -> set[str]:
    """Return the words of a header that is a list."""
    return {word.strip() for word in text.split(",")}


def test_a_page_of_an_allowed_origin_may_read(api: API) -> None:
    """And what it may read of the headers is said; cookies are another matter."""
    answer = send(api.by("bob"), "/v1/books")

    assert answer.status_int == 200
    assert answer.headers[ALLOW_ORIGIN] == PAGE
    assert {"ETag", "Link", "Location", "RateLimit", "Preference-Applied", "X-Request-Id"} <= words(answer.headers[EXPOSED])
    assert CREDENTIALS not in answer.headers


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://app.example.org", f"{PAGE}:8443", f"{PAGE}.evil.example", ""])
def test_a_page_of_another_origin_may_not(api: API, origin: str) -> None:
    """It is answered like anybody; its browser keeps the answer from it."""
    answer = send(api.by("bob"), "/v1/books", origin)

    assert answer.status_int == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://shop.partner.example", True),
        ("https://a.b.partner.example", True),
        ("https://partner.example", False),
        ("https://evilpartner.example", False),
        ("https://shop.partner.example.evil.example", False),
        ("https://shop.partner.example:8443", False),
        ("http://shop.partner.example", False),
        ("https://evil.example/.partner.example", False),
        ("https://x\\@evil.partner.example", False),
        ("https://shop.partnerXexample", False),
    ],
)
def test_a_pattern_is_every_subdomain_and_nothing_else(api: API, origin: str, is_allowed: bool) -> None:
    """Neither the domain itself nor what only looks like it."""
    assert (send(api.by("bob"), "/v1/books", origin).headers.get(ALLOW_ORIGIN) == origin) == is_allowed


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/v1/books", 401),
        ("GET", "/v1/nowhere", 404),
        ("PUT", "/v1/books", 405),
        ("GET", "/v1/books?price__near=1", 401),
        ("GET", "/v1/books?q=%ff", 400),
        ("GET", "/v1/%ff", 400),
        ("TRACE", "/v1/books", 405),
    ],
)
def test_an_error_can_be_read_as_well(api: API, method: str, url: str, status: int) -> None:
    """A page would else see nothing but a failure, also of what the edge refuses before any other part."""
    answer = send(api, url, method=method)

    assert_problem(answer, status)
    assert answer.headers[ALLOW_ORIGIN] == PAGE
    assert "Origin" in words(answer.headers["Vary"])


def test_a_failure_of_the_server_can_be_read_as_well(api: API) -> None:
    """The request id in it is what a person may report."""

    def fail(*_arguments: Any) -> None:
        raise RuntimeError

    api.registry.resource_parts["books"].reader.list = fail
    answer = send(api.by("bob"), "/v1/books")

    assert_problem(answer, 500, "internal-error")
    assert answer.headers[ALLOW_ORIGIN] == PAGE


@pytest.mark.parametrize("url", ["/v1/books", "/v1/nowhere", "/v1/books?q=%ff"])
def test_a_cache_is_always_told(api: API, url: str) -> None:
    """An answer that was stored without an origin would else be given to a page."""
    answer = api.by("bob").get(url, expect_errors=True)

    assert "Origin" in words(answer.headers["Vary"])
    assert ALLOW_ORIGIN not in answer.headers


def test_what_an_answer_varies_by_already_stays(api: API) -> None:
    """One header with all of it, each once."""
    answer = send(api.by("bob"), "/v1/books")

    assert len(answer.headers.getall("Vary")) == 1
    assert {"Accept", "Authorization", "Accept-Encoding", "Origin"} == words(answer.headers["Vary"])


def test_an_answer_without_a_change_is_for_the_page_too(api: API) -> None:
    """A browser takes the permission from the 304."""
    etag = send(api.by("bob"), "/v1/books").headers["ETag"]
    answer = send(api.by("bob"), "/v1/books", If_None_Match=etag)

    assert answer.status_int == 304
    assert answer.headers[ALLOW_ORIGIN] == PAGE
    assert "Origin" in words(answer.headers["Vary"])


def test_a_preflight_says_what_the_address_offers(api: API) -> None:
    """No more than its views take, and before anybody has said who they are."""
    many, one = preflight(api, "/v1/books", "POST"), preflight(api, "/v1/books/1", "PUT")

    assert (many.status_int, many.body) == (204, b"")
    assert words(many.headers[ALLOW_METHODS]) == {"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"}
    assert words(one.headers[ALLOW_METHODS]) == {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert {"Authorization", "Content-Type", "If-Match", "Prefer"} <= words(one.headers["Access-Control-Allow-Headers"])
    assert one.headers[ALLOW_ORIGIN] == PAGE
    assert one.headers["Access-Control-Max-Age"] == "7200"
    assert EXPOSED not in one.headers


def test_a_preflight_follows_the_ini(build: Build) -> None:
    """A method that the operator has taken away is not offered."""
    api = build(service__books__methods="GET", cors__headers="X-Own", cors__max_age="0", cors__expose="")
    answer = preflight(api, "/v1/books", "POST")

    assert words(answer.headers[ALLOW_METHODS]) == {"GET", "HEAD", "OPTIONS"}
    assert answer.headers["Access-Control-Allow-Headers"] == "X-Own"
    assert answer.headers["Access-Control-Max-Age"] == "0"
    assert EXPOSED not in send(api, "/v1/books").headers


def test_a_preflight_of_no_address_lets_the_page_read_the_404(api: API) -> None:
    """It offers no method; GET needs none."""
    answer = preflight(api, "/v1/nowhere", "GET")

    assert answer.status_int == 204
    assert answer.headers[ALLOW_ORIGIN] == PAGE
    assert ALLOW_METHODS not in answer.headers


@pytest.mark.parametrize("origin", [STRANGER, "null"])
def test_a_preflight_of_another_origin_is_refused(api: API, origin: str) -> None:
    """With a reason, for the person who looks at what the browser has received."""
    answer = preflight(api, "/v1/books", "POST", origin)

    assert_problem(answer, 403, "cors-origin-refused")
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert "Origin" in words(answer.headers["Vary"])


def test_an_unknown_method_is_refused_readably(api: API) -> None:
    """By the edge, in front of every other part."""
    request = Request.blank("/v1/books", method="BREW", headers={"Origin": PAGE})
    answer = request.get_response(api.app)

    assert (answer.status_int, answer.headers[ALLOW_ORIGIN]) == (501, PAGE)


def test_a_preflight_costs_no_statement_and_no_password(api: API) -> None:
    """Whoever stands in front of it, credentials are not looked at; a browser sends none."""
    answer = preflight(api, "/v1/books", "POST", Authorization="Bearer broken")

    assert answer.status_int == 204


def test_a_private_network_is_not_opened(api: API) -> None:
    """A page of the internet may not reach into a network by this server's word."""
    answer = preflight(api, "/v1/books", "GET", Access_Control_Request_Private_Network="true")

    assert answer.status_int == 204
    assert "Access-Control-Allow-Private-Network" not in answer.headers


def test_another_options_request_is_answered_as_ever(api: API) -> None:
    """Without a method that is wanted it is no preflight."""
    answer = send(api, "/v1/books", method="OPTIONS")

    assert "Allow" in answer.headers
    assert ALLOW_METHODS not in answer.headers
    assert answer.headers[ALLOW_ORIGIN] == PAGE


def test_a_service_may_have_origins_of_its_own(build: Build) -> None:
    """In place of the others, for its list, its items, its preflights and its refusals alike."""
    api = build(service__todos__cors__origins="https://todo.example", service__todos__cors__credentials="on")

    for url in ("/v1/todos", "/v1/todos/7"):
        assert send(api, url, "https://todo.example").headers[ALLOW_ORIGIN] == "https://todo.example"
        assert send(api, url, "https://todo.example").headers[CREDENTIALS] == "true"
        assert ALLOW_ORIGIN not in send(api, url, PAGE).headers
        assert preflight(api, url, "DELETE", "https://todo.example").status_int == 204
        assert preflight(api, url, "DELETE", PAGE).status_int == 403
    assert send(api, "/v1/books").headers[ALLOW_ORIGIN] == PAGE
    assert ALLOW_ORIGIN not in send(api, "/v1/books", "https://todo.example").headers
    assert ALLOW_ORIGIN not in send(api, "/v1/%ff", "https://todo.example").headers


def test_a_service_may_be_closed(build: Build) -> None:
    """To every page, while the others stay open."""
    api = build(service__todos__cors__origins="")

    assert ALLOW_ORIGIN not in send(api, "/v1/todos").headers
    assert send(api, "/v1/books").headers[ALLOW_ORIGIN] == PAGE


def test_every_origin_is_a_star_without_credentials(build: Build) -> None:
    """But null stays refused."""
    api = build(cors__origins="*")

    assert send(api, "/v1/books", STRANGER).headers[ALLOW_ORIGIN] == "*"
    assert CREDENTIALS not in send(api, "/v1/books", STRANGER).headers
    assert ALLOW_ORIGIN not in send(api, "/v1/books", "null").headers
    assert "Origin" in words(send(api, "/v1/books", STRANGER).headers["Vary"])


def test_credentials_are_a_setting(build: Build) -> None:
    """For the origins that are named."""
    api = build(cors__credentials="on")

    assert send(api, "/v1/books").headers[CREDENTIALS] == "true"
    assert CREDENTIALS not in send(api, "/v1/books", STRANGER).headers


@pytest.mark.parametrize(
    ("ini", "key"),
    [
        ({"cors__origins": "*", "cors__credentials": "on"}, "cors.credentials"),
        ({"service__books__cors__origins": "*", "service__books__cors__credentials": "on"}, "service.books.cors.credentials"),
        ({"cors__credentials": "on", "service__books__cors__origins": "*"}, "service.books.cors.credentials"),
        ({"cors__origins": f"* {PAGE}"}, "cors.origins"),
        ({"cors__origins": "null"}, "cors.origins"),
        ({"cors__origins": f"{PAGE}/"}, "cors.origins"),
        ({"cors__origins": "app.example.org"}, "cors.origins"),
        ({"cors__origins": f"{PAGE}:443"}, "cors.origins"),
        ({"cors__origins": "https://*.org"}, "cors.origins"),
        ({"cors__origins": "https://*"}, "cors.origins"),
        ({"cors__origins": "https://app.*.org"}, "cors.origins"),
        ({"cors__origins": "https://App.example.org"}, "cors.origins"),
        ({"cors__headers": "*"}, "cors.headers"),
        ({"service__books__cors__origin": PAGE}, "service.books.cors.origin"),
        ({"service__boks__cors__origins": PAGE}, "service.boks"),
    ],
)
def test_what_no_browser_would_do_as_meant_stops_the_start(build: Build, ini: dict[str, str], key: str) -> None:
    """The key is named."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build(**ini)

    assert key in [mistake.key for mistake in caught.value.mistakes]


def test_the_origins_have_to_be_named(tmp_path: Path) -> None:
    """Nobody can guess them."""
    with pytest.raises(ConfigurationMistakes, match=r"cors\.origins"):
        build_api(tmp_path, {"plugin.cors": "on"})


def test_the_requests_of_a_batch_have_no_origin(api: API) -> None:
    """Only the batch itself is what a page sends."""
    batch = {"requests": [{"method": "GET", "path": "/v1/books"}]}
    answer = api.by("ann", "editor").post_json("/v1/batch", batch, headers={"Origin": PAGE})

    assert answer.headers[ALLOW_ORIGIN] == PAGE
    assert ALLOW_ORIGIN.lower() not in str(answer.json).lower()


def test_without_it_nothing_is_said(tmp_path: Path) -> None:
    """Cornice's own support is off too: no view of its own, no header."""
    api = build_api(tmp_path, {"plugin.books": "on"})
    answer = preflight(api, "/v1/books", "POST")

    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert "Origin" not in words(answer.headers.get("Vary", ""))
    assert "Origin" not in words(api.by("bob").get("/v1/books").headers["Vary"])
    api.close()
