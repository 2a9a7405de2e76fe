"""Plain Pyramid packages load through the ini, unchanged, beside our own plugins."""

from __future__ import annotations

from pathlib import Path

import pytest

from benben.kernel import ConfigurationMistakes
from benben.testing import API, build_api

# include -> further keys of the ini that the package documents
PACKAGES = {
    "pyramid_debugtoolbar": {"debugtoolbar.hosts": "127.0.0.1/32"},
    "pyramid_exclog": {},
    "pyramid_jinja2": {},
    "pyramid_mako": {},
    "pyramid_services": {},
    "pyramid_mailer.testing": {},
    "pyramid_dogpile_cache2": {"dogpile_cache.backend": "dogpile.cache.memory"},
    "pyramid_storage": {"storage.base_path": "/nonexistent", "storage.base_url": "/files"},
    "pyramid_sanity": {},
    "pyramid_listing": {},
    "pyramid_csp": {},
    "pyramid_di": {},
    "cornice": {},
}


def keys(include: str) -> dict[str, str]:
    """Return the ini keys that switch *include* on under a name of its own."""
    name = include.replace("pyramid_", "").replace(".", "_")
    own = {key.format(name): value for key, value in PACKAGES[include].items()}
    return {f"plugin.{name}": "on", f"plugin.{name}.include": include, **own}


def library(tmp_path: Path, ini: dict[str, str]) -> API:
    """Return the books with whatever stands beside them, open to read."""
    return build_api(tmp_path, {"plugin.books": "on", "service.books.permission.read": "public", **ini})


@pytest.mark.parametrize("include", PACKAGES)
@pytest.mark.filterwarnings("ignore")
def test_a_package_loads_and_the_api_answers(tmp_path: Path, include: str) -> None:
    """Each of them alone, without a manifest and without a change."""
    api = library(tmp_path, keys(include))

    assert api.get("/v1/books").json == {"items": [], "next": None, "prev": None}
    assert api.get("/nowhere", expect_errors=True).content_type == "application/problem+json"
    api.close()


@pytest.mark.filterwarnings("ignore")
def test_all_of_them_load_side_by_side(tmp_path: Path) -> None:
    """One application with every package at once, and ours."""
    api = library(tmp_path, {key: value for include in PACKAGES for key, value in keys(include).items()})

    assert api.get("/v1/books").json == {"items": [], "next": None, "prev": None}
    assert sum(plugin.plain for plugin in api.assembly.plugins.values()) == len(PACKAGES) + 1
    api.close()


def test_a_view_without_a_permission_needs_a_word_of_the_operator(tmp_path: Path) -> None:
    """Nothing is public because its author did not think of it."""
    ini = {"plugin.bare": "on", "plugin.bare.include": "tests.functional.third_party.bare"}
    with pytest.raises(ConfigurationMistakes, match=r"bare.py:.* names no permission; set plugin.bare.permission"):
        library(tmp_path, ini)

    closed = library(tmp_path, {**ini, "plugin.bare.permission": "role:admin"})
    opened = library(tmp_path, {**ini, "plugin.bare.permission": "public"})

    assert closed.get("/bare", expect_errors=True).status_int == 401
    assert closed.by("ann", "admin").get("/bare").text == "bare"
    assert opened.get("/bare").text == "bare"
    closed.close()
    opened.close()


def test_a_package_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The start fails, unless the ini says that it may go on without."""
    ini = {"plugin.audit": "on", "plugin.audit.include": "acme_audit"}
    with pytest.raises(ConfigurationMistakes, match=r"plugin\.audit: there is no module acme_audit"):
        library(tmp_path, ini)

    api = library(tmp_path, {**ini, "plugin.audit.on_error": "skip"})

    assert api.assembly.plugins["audit"].state == "skipped"
    assert api.get("/v1/books").status_int == 200
    api.close()
