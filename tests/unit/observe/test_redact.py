"""What looks like a secret is masked, and what does not is left alone."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benben.observe.redact import MASK, is_secret_key, redact, redact_text
from tests.growth import assert_linear

PLANTED = "pl4nted"
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwbDRudGVkIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        "connect to postgresql+psycopg://benben:{}@db.example/benben failed",
        "redis://:{}@cache:6379/0",
        "amqp://a:x/{}@host/",
        "Authorization: Bearer {}",
        "Authorization: Digest username=x, response={}",
        "{{'HTTP_AUTHORIZATION': 'Test {} admin'}}",
        "proxy-authorization=Basic {}",
        "sent bearer {} twice",
        "Basic {}",
        "password={}",
        "PASSWORD = {};",
        "{{'password': 'two {} words'}}",
        '{{"password": "a \\" quoted {}"}}',
        '"{{\\"password\\": \\"{}\\"}}"',
        'b\'{{"client_secret": "{}"}}\'',
        "?access_token={}&limit=1",
        "X-Api-Key: {}",
        "apikey={}",
        "Cookie: session={}; theme=dark",
        "Set-Cookie: session={}",
        "password_hash='{}'",
    ],
)
def test_a_secret_in_a_text_is_masked(text: str) -> None:
    """Whatever the notation, the mask stands where the secret stood."""
    masked = redact_text(text.format(PLANTED))

    assert PLANTED not in masked
    assert MASK in masked


def test_a_json_web_token_is_masked_wherever_it_stands() -> None:
    """It needs no word before it."""
    assert redact_text(f"cannot decode {TOKEN}, sorry") == f"cannot decode {MASK}, sorry"


@pytest.mark.parametrize(
    "text",
    [
        "GET /v1/books/17 200 1.2 ms",
        "listening on http://127.0.0.1:6543/v1, 4 threads",
        "plugin books: a monkey: 1, keyboard=2",
        "migrated todos: todos_0001",
        "",
        "tokens",
        "ключ 鍵 🔑",
    ],
)
def test_an_innocent_text_is_left_alone(text: str) -> None:
    """A mask in every second line would hide what the log is for."""
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password",
        "Authorization",
        "HTTP_COOKIE",
        "apiKey",
        "API-KEY",
        "key",
        "jwt.private_key",
        "DSN",
        "JWTSecret",
    ],
)
def test_a_key_that_names_a_secret_is_known(key: str) -> None:
    """In every spelling that programs use."""
    assert is_secret_key(key)


@pytest.mark.parametrize("key", ["monkey", "author", "keyboard", "request_id", "path", "userid", "statement_count", "design"])
def test_a_key_that_only_contains_such_a_word_is_not(key: str) -> None:
    """The short words count as whole words only."""
    assert not is_secret_key(key)


def test_secrets_are_found_inside_of_structures() -> None:
    """At every level, by key and by shape."""
    value = {"user": {"name": "ann", "password": PLANTED}, "seen": [f"token={PLANTED}", (PLANTED, 1)], "token": [PLANTED]}

    masked = redact(value)

    assert masked == {"user": {"name": "ann", "password": MASK}, "seen": [f"token={MASK}", [PLANTED, 1]], "token": MASK}


def test_what_json_cannot_write_becomes_text() -> None:
    """So that no value of any caller can break a line."""
    endless: list[Any] = []
    endless.append(endless)
    key = uuid.uuid4()

    assert redact([float("nan"), key, b"x", {1}]) == ["nan", str(key), "b'x'", [1]]
    assert redact(10**5000) == "integer of 16610 bits"
    assert redact({3: None, "é": True}) == {"3": None, "é": True}
    assert "…" in str(redact(endless))
    assert len(redact(range(1000) and list(range(1000)))) == 100


def test_a_long_text_is_cut() -> None:
    """A line of megabytes is of use to nobody."""
    assert len(redact_text("a b" * 100_000)) == 32_768
    assert len(redact_text("a" * 100_000)) == 32_768


@pytest.mark.parametrize(
    "piece", ["://a:", "password=\\", "password ", "token:'\\", "bearer ", "cookie", "eyJaaaaaaaa.", "\\\"'key=", "secret_" * 3]
)
def test_a_hostile_text_costs_no_more_than_a_long_one(piece: str) -> None:
    """Nothing in the patterns goes back over what it has read."""
    assert_linear(redact_text, lambda size: (piece * size)[:size], 32_768)


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    """A line may pass two formatters."""
    once = redact_text(text)

    assert redact_text(once) == once
