"""What the tween does to a request and to an answer, without an application around it."""

from __future__ import annotations

import gzip
from types import SimpleNamespace
from typing import Any

import pytest
from webob import Request, Response

from benben.features.compression.tweens import compression_tween, plain_conditions
from benben.kernel.problems import NotAcceptable

SETTINGS = SimpleNamespace(encodings=("zstd", "br", "gzip"), min_size=100, level_zstd=3, level_br=4, level_gzip=5)
GZIP = {"Accept-Encoding": "gzip"}
TEXT = b"text " * 100


def answer(response: Response, headers: dict[str, str] = GZIP, *, seen: list[Any] | None = None, method: str = "GET") -> Response:
    """Return *response* as the tween lets it out; *seen* gets the environ that the view saw."""

    def handler(request: Request) -> Response:
        if seen is not None:
            seen.append(dict(request.environ))
        return response

    return compression_tween(SETTINGS)(handler, None)(Request.blank("/", headers=headers, method=method))


def plain(body: bytes = TEXT, **headers: str) -> Response:
    """Return a text that has no coding yet."""
    found = {"Content-Type": "text/plain", "Content-Length": str(len(body))}
    found |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(app_iter=[body], headerlist=list(found.items()))


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Encoding": "br"},
        {"Content_Type": "text/event-stream"},
        {"Content_Type": "image/png"},
        {"Cache_Control": "no-store"},
        {"Cache_Control": "public, no-transform"},
        {"Set_Cookie": "session=secret"},
        {"Content_Digest": "sha-256=:AAAA:"},
    ],
    ids=lambda headers: "".join(headers.values()),
)
def test_some_answers_are_left_alone(headers: dict[str, str]) -> None:
    """Encoded already, live, no text, a secret, or bound to its bytes."""
    found = answer(plain(ETag='"v7"', **headers))

    assert found.body == TEXT
    assert found.headers.get("Content-Encoding") == headers.get("Content_Encoding")
    assert found.headers["ETag"] == '"v7"'


@pytest.mark.parametrize("status", [204, 205, 206, 304])
def test_a_part_or_nothing_is_left_alone(status: int) -> None:
    response = plain()
    response.status_int = status

    assert "Content-Encoding" not in answer(response).headers


@pytest.mark.parametrize(
    ("vary", "expected"),
    [
        (None, "Accept-Encoding"),
        ("Accept", "Accept, Accept-Encoding"),
        ("accept-encoding, Origin", "accept-encoding, Origin"),
        ("*", "*"),
    ],
)
@pytest.mark.parametrize("accept", ["gzip", "", "identity"])
def test_vary_says_so_whatever_was_chosen(vary: str | None, expected: str, accept: str) -> None:
    """A cache needs it on the plain answer just as well."""
    found = answer(plain(**({} if vary is None else {"Vary": vary})), {"Accept-Encoding": accept})

    assert found.headers["Vary"] == expected


def test_a_caller_that_refuses_the_plain_answer_gets_a_small_one_compressed() -> None:
    found = answer(plain(b"small"), {"Accept-Encoding": "gzip, identity;q=0"})

    assert gzip.decompress(found.body) == b"small"


@pytest.mark.parametrize("accept", ["identity;q=0", "*;q=0", "deflate, *;q=0"])
def test_a_caller_that_can_read_nothing_is_told_before_anything_is_done(accept: str) -> None:
    seen: list[Any] = []

    with pytest.raises(NotAcceptable) as caught:
        answer(plain(), {"Accept-Encoding": accept}, seen=seen, method="POST")

    assert caught.value.members["available"] == ["zstd", "br", "gzip", "identity"]
    assert seen == []


def test_a_stream_of_known_length_is_judged_by_it() -> None:
    """A small file stays, a large one loses its length and its ranges."""
    small = Response(app_iter=iter([b"x" * 99]), headerlist=[("Content-Type", "text/plain"), ("Content-Length", "99")])
    large = Response(
        app_iter=iter([TEXT]), headerlist=[("Content-Type", "text/plain"), ("Content-Length", "500"), ("Accept-Ranges", "bytes")]
    )

    assert "Content-Encoding" not in answer(small).headers
    assert not {"Content-Length", "Accept-Ranges"} & set(answer(large).headers)
    assert gzip.decompress(large.body) == TEXT


@pytest.mark.parametrize(
    ("sent", "accepted", "seen"),
    [
        ('"v7+gzip"', {"gzip", "identity"}, '"v7"'),
        ('"v7+csv+gzip", W/"x+br"', {"gzip", "br", "identity"}, '"v7+csv", W/"x"'),
        ('"v7+gzip"', {"identity"}, '"v7+gzip"'),
        ('"v7+csv"', {"gzip", "identity"}, '"v7+csv"'),
        ('"v7", W/"v7"', {"gzip"}, '"v7+identity", W/"v7"'),
        ('"v7+gzip", "v7"', {"gzip"}, '"v7", "v7+identity"'),
        ("*", {"gzip"}, "*"),
        ('"+gzip"', {"gzip", "identity"}, '"+gzip"'),
        ('"open', {"gzip"}, '"open'),
        ("", {"gzip"}, ""),
    ],
)
def test_a_read_is_compared_with_what_its_caller_can_read(sent: str, accepted: set[str], seen: str) -> None:
    """304 to anybody else would make a cache give away what nobody there can read."""
    assert plain_conditions({"HTTP_IF_NONE_MATCH": sent}, frozenset(accepted), "GET") == {"HTTP_IF_NONE_MATCH": seen}


@pytest.mark.parametrize("name", ["HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"])
def test_a_write_names_a_state_by_any_variant(name: str) -> None:
    sent = {name: '"v7+csv+gzip", "v8+br", "v9"'}

    assert plain_conditions(sent, frozenset({"identity"}), "PUT") == {name: '"v7+csv", "v8", "v9"'}


@pytest.mark.parametrize(
    ("accept", "sent", "etag"),
    [
        ("gzip", '"v7+gzip"', '"v7+gzip"'),
        ("gzip", '"v7"', '"v7"'),
        ("gzip, br", '"v7+gzip", "v7+br", "v7"', '"v7+br"'),
        ("gzip, br;q=0.5", '"v7+br", "v7+gzip"', '"v7+gzip"'),
        ("gzip;q=0, br", '"v7+gzip", "v7"', '"v7"'),
        ("gzip", "*", '"v7"'),
    ],
)
def test_a_304_names_the_variant_that_the_caller_has(accept: str, sent: str, etag: str) -> None:
    response = Response(status=304, headerlist=[("ETag", '"v7"')])

    found = answer(response, {"Accept-Encoding": accept, "If-None-Match": sent})

    assert (found.headers["ETag"], found.headers["Vary"]) == (etag, "Accept-Encoding")


def test_the_conditions_are_as_they_were_afterwards() -> None:
    """WebOb judges a conditional response when it is sent, by the ETag that it has then."""
    seen: list[Any] = []
    request = Request.blank("/", headers={**GZIP, "If-None-Match": '"v7+gzip"'})

    def handler(request: Request) -> Response:
        seen.append(request.environ["HTTP_IF_NONE_MATCH"])
        return Response(body=TEXT, content_type="text/plain", etag="v7", conditional_response=True)

    response = compression_tween(SETTINGS)(handler, None)(request)

    assert seen == ['"v7"']
    assert request.send(lambda environ, start: response(environ, start)).status_code == 304


def test_a_weak_etag_is_that_of_every_coding() -> None:
    assert answer(plain(ETag='W/"v7"')).headers["ETag"] == 'W/"v7"'
