"""The ``[server:main]`` section."""

from __future__ import annotations

import dataclasses

import pytest

from benben.kernel.mistakes import ConfigurationMistakes
from benben.server.settings import MIB, ServerSettings


def sentences(**ini: str) -> list[str]:
    """Return every mistake of a section, as the operator reads it."""
    return [str(mistake) for mistake in ServerSettings.parse(ini)[1]]


def test_an_empty_section_is_a_server_for_one_machine():
    settings = ServerSettings.from_ini({})

    assert settings == ServerSettings()
    assert settings.listen == ("127.0.0.1:6543",)
    assert settings.threads == 4
    assert settings.connection_limit == 1000
    assert settings.max_header_bytes == 32 * 1024
    assert settings.max_body_bytes == 10 * MIB
    assert settings.max_url_bytes == 8 * 1024
    assert settings.max_headers == 100
    assert settings.drain_timeout_s == 30
    assert settings.trusted_proxy == ()
    assert settings.ident == ""


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        ServerSettings().threads = 8


def test_every_key_has_a_help_for_the_operator():
    assert all(item.metadata["help"].endswith(".") for item in dataclasses.fields(ServerSettings))


READ = {
    "listen": ("127.0.0.1:6543 [::1]:0\n*:80", ("127.0.0.1:6543", "[::1]:0", "*:80")),
    "threads": (" 8 ", 8),
    "header_timeout_s": ("0.5", 0.5),
    "drain_delay_s": ("0", 0.0),
    "max_body_bytes": ("0", 0),
    "trusted_proxy": ("10.0.0.1 ::1", ("10.0.0.1", "::1")),
    "trusted_proxy_headers": ("Forwarded", frozenset({"forwarded"})),
    "ident": ("benben", "benben"),
}


@pytest.mark.parametrize("key", READ)
def test_a_text_becomes_a_value(key):
    text, value = READ[key]

    assert getattr(ServerSettings.from_ini({key: text}), key) == value


def test_off_is_no_ident():
    assert ServerSettings.from_ini({"ident": "off"}).ident == ""


MISTAKEN = {
    "listen": ["", "6543", "localhost", "localhost:", "localhost:65536", "http://localhost:1", "a:1,b:2"],
    "threads": ["", "0", "-1", "four", "4.0", "٤", "1_0", "257"],
    "header_timeout_s": ["0", "-1", "1e3", "nan", "inf", "10s", "86401"],
    "max_url_bytes": ["8 KiB", "63"],
    "trusted_proxy": ["*", "localhost", "10.0.0.0/8"],
    "trusted_proxy_headers": ["x-real-ip", "forwarded x-forwarded-for"],
    "ident": ["", "benben/1.0", "Benben 1"],
}


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in MISTAKEN.items() for text in texts])
def test_a_text_that_is_no_value_is_one_mistake_and_says_what_is_expected(key, text):
    (sentence,) = sentences(**{key: text})

    assert sentence.startswith(f"{key}: expected ")
    assert repr(text) in sentence


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("thread", "(did you mean threads?)"),
        ("max_body_byte", "(did you mean max_body_bytes?)"),
        ("port", "(write listen = HOST:PORT)"),
        ("channel_timeout", "(its place is taken by idle_timeout_s)"),
    ],
)
def test_an_unknown_key_names_the_nearest(key, hint):
    assert sentences(**{key: "1"}) == [f"{key}: is not a setting of the server {hint}"]


def test_a_key_near_to_none_names_none():
    assert sentences(zzz="1") == ["zzz: is not a setting of the server"]


def test_values_that_contradict_each_other_are_mistakes():
    assert sentences(max_url_bytes="4096", max_header_bytes="4096") == [
        "max_url_bytes: must be below max_header_bytes, which holds the URL too"
    ]
    assert sentences(threads="8", connection_limit="8") == ["connection_limit: must be above threads, or a thread never has work"]


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ConfigurationMistakes) as caught:
        ServerSettings.from_ini({"thread": "4", "threads": "four", "listen": "nowhere", "max_headers": "50"})

    assert [mistake.key for mistake in caught.value.mistakes] == ["thread", "threads", "listen"]


def test_a_mistaken_value_is_not_shown_at_length():
    (sentence,) = sentences(threads="9" * 5000)

    assert len(sentence) < 200
