"""The vendored files are the ones that were reviewed."""

from __future__ import annotations

import hashlib

import pytest

from benben.features.docs.assets import FOLDER, asset_url, digests, media_type_of, read_asset

LINES = [line.split() for line in (FOLDER / "SHA256SUMS").read_text().splitlines()]
OUR_OWN = {"SHA256SUMS", "icon.svg", "pages.css", "reader.css", "redoc-start.js", "swagger-ui-start.js"}


@pytest.mark.parametrize(("digest", "name"), LINES)
def test_a_vendored_file_is_what_was_reviewed(digest: str, name: str) -> None:
    """By the committed checksum."""
    assert hashlib.sha256(read_asset(name)).hexdigest() == digest


def test_every_vendored_file_has_a_checksum_and_its_licence() -> None:
    """And there is nothing else in the folder."""
    vendored = {name for _, name in LINES}

    assert vendored | OUR_OWN == set(digests())
    assert {"swagger-ui.LICENSE", "swagger-ui.NOTICE", "redoc.LICENSE"} < vendored


def test_nothing_is_asked_of_the_host_of_the_readers() -> None:
    """ReDoc's picture is taken out when it is fetched."""
    assert b"cdn.redoc.ly" not in read_asset("redoc.standalone.js")


def test_an_address_changes_with_the_bytes() -> None:
    """So that it may be kept for ever."""
    assert asset_url("pages.css", "/library") == f"/library/docs/static/pages.css?v={digests()['pages.css']}"
    assert len(set(digests().values())) == len(digests())


@pytest.mark.parametrize("name", ["none.js", "../assets.py", "", "/etc/passwd"])
def test_a_name_that_is_not_known_is_no_path(name: str) -> None:
    """Not even where such a file exists."""
    with pytest.raises(KeyError):
        read_asset(name)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("redoc-start.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("redoc.LICENSE", "text/plain; charset=utf-8"),
    ],
)
def test_a_file_has_a_media_type(name: str, media_type: str) -> None:
    """Browsers are told not to guess."""
    assert media_type_of(name) == media_type
