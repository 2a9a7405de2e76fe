"""A form is the JSON that any client would send, and is judged like it."""

from __future__ import annotations

from typing import Any

import pytest

from benben.testing import API
from tests.functional.browse.conftest import HTML, Browser, Build, errors, named, panel

PICTURE = {"title": "Sunflowers", "width": "95", "tags": "[]"}


def stored(ada: Browser, **values: str) -> Any:
    """Create a picture by its form and return it as a program sees it."""
    answer = ada.send("/v1/pictures", **{**PICTURE, **values})
    assert answer.status_int == 303, errors(answer.text)
    return ada.json(answer.location.partition("#")[0])


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("title", " two words ", " two words "),
        ("story", "one\r\ntwo", "one\ntwo"),
        ("story", "", None),
        ("width", "1", 1),
        ("weight", "1.5", 1.5),
        ("weight", "1e3", 1000.0),
        ("weight", "", None),
        ("price", "12.50", "12.50"),
        ("is_framed", "true", True),
        ("is_framed", "false", False),
        ("is_lent", "", None),
        ("is_lent", "false", False),
        ("light", "low", "low"),
        ("light", "", None),
        ("painted", "1888-08-20", "1888-08-20"),
        ("seen_at", "2026-01-02T03:04", "2026-01-02T03:04:00.000000Z"),
        ("seen_at", "2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123456Z"),
        ("tags", '["a", "b"]', ["a", "b"]),
    ],
)
def test_an_input_becomes_a_value_of_its_type(ada: Browser, name: str, text: str, value: Any) -> None:
    """Nothing is a text that is a number, and what is empty is null where there is null."""
    assert stored(ada, **{name: text})[name] == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("width", "wide"),
        ("width", ""),
        ("weight", "heavy"),
        ("light", "none"),
        ("is_lent", "perhaps"),
        ("seen_at", "now"),
        ("tags", "["),
    ],
)
def test_what_does_not_fit_is_refused_beside_its_field(ada: Browser, name: str, text: str) -> None:
    """By the API itself, or because JSON cannot be read; the input stays."""
    answer = ada.send("/v1/pictures", **{**PICTURE, name: text})

    assert answer.status_int == 400
    assert list(errors(answer.text)) == [name]
    assert text in panel(answer.text, "post")


def test_a_change_leaves_what_was_not_in_the_form(ada: Browser) -> None:
    """Also where the page showed some fields only."""
    stored(ada, story="long")
    shown = ada.page("/v1/pictures/1?fields=id,title").text
    answer = ada.send("/v1/pictures/1", "PATCH", title="Irises")

    assert "f.story" not in panel(shown, "patch")
    assert answer.status_int == 303
    assert ada.json("/v1/pictures/1")["story"] == "long"


def test_an_empty_text_stays_one(ada: Browser) -> None:
    """Where null would be another value, a box says which is meant."""
    ada.api.post_json("/v1/pictures", {"title": "a", "width": 1, "story": ""}, headers={"X-CSRF-Token": ada.token()})
    text = panel(ada.page("/v1/pictures/1").text, "patch")
    kept = ada.send("/v1/pictures/1", "PATCH", own={"empty.story": "on"}, story="")

    assert "empty.story" in text
    assert kept.status_int == 303
    assert ada.json("/v1/pictures/1")["story"] == ""
    ada.send("/v1/pictures/1", "PATCH", story="")
    assert ada.json("/v1/pictures/1")["story"] is None


def test_microseconds_survive_the_form(ada: Browser) -> None:
    """An input of the browser would drop them."""
    stored(ada, seen_at="2026-01-02T03:04:05.123456Z")
    tag = named(panel(ada.page("/v1/pictures/1").text, "put"), "f.seen_at")

    assert 'type="text"' in tag
    assert "05.123456Z" in tag


def test_two_who_change_the_same_row_do_not_overwrite_each_other(ada: Browser) -> None:
    """The form carries the version that it was made of; the second gets 412 and keeps the input."""
    own = {"_if_match": '"v1"'}
    first = ada.send("/v1/books/1", "PATCH", own=own, title="First")
    second = ada.send("/v1/books/1", "PATCH", own=own, title="Second")

    assert first.status_int == 303
    assert (second.status_int, ada.json("/v1/books/1")["title"]) == (412, "First")
    assert 'value="Second"' in named(panel(second.text, "patch"), "f.title")


def test_a_raw_body_is_sent_as_it_is(ada: Browser) -> None:
    """With the media type that was chosen, and broken JSON is what it is anywhere."""
    good = ada.send("/v1/books", own={"_raw": '{"title": "Raw", "author_id": 1}'})
    broken = ada.send("/v1/books", own={"_raw": '{"title": '})
    patch = ada.send(
        "/v1/books/1",
        "PATCH",
        own={"_raw": '[{"op": "replace", "path": "/title", "value": "New"}]', "_media_type": "application/json-patch+json"},
    )

    assert (good.status_int, broken.status_int, patch.status_int) == (303, 400, 303)
    assert "malformed-json" in broken.text
    assert "{&#34;title&#34;: " in broken.text
    assert ada.json("/v1/books/1")["title"] == "New"


def test_everything_that_matches_is_changed_or_deleted_by_its_own_form(ada: Browser) -> None:
    """Only where a filter is in force."""
    without, filtered = ada.page("/v1/books").text, ada.page("/v1/books?price__gte=1").text
    ada.send("/v1/books?price__gte=1", "PATCH", own={"_raw": '{"price": "2.00"}', "_most": "5"})

    assert panel(without, "delete") == ""
    assert 'action="/v1/books?price__gte=1"' in panel(filtered, "delete")
    assert ada.json("/v1/books/1")["price"] == "2.00"
    assert ada.send("/v1/books?price__gte=1", "DELETE", own={"_most": "0"}).status_int == 400
    assert ada.send("/v1/books?price__gte=1", "DELETE", own={"_most": "10"}).status_int == 303
    assert ada.json("/v1/books")["items"] == []


def test_a_form_is_judged_by_the_permission_of_what_it_stands_for(api: API, ada: Browser) -> None:
    """A reader who makes up a form is refused as any client is."""
    reader = Browser(api).logged_in("bob")
    answer = reader.api.post(
        "/v1/books/1", {"csrf_token": reader.token("/logout"), "_method": "DELETE"}, headers=HTML, expect_errors=True
    )

    assert answer.status_int == 403
    assert ada.json("/v1/books/1")["id"] == 1


@pytest.mark.parametrize(("method", "status"), [("TRACE", 400), ("", 400), ("PUT", 405)])
def test_a_form_stands_for_a_method_of_its_address_only(ada: Browser, method: str, status: int) -> None:
    """Anything else is refused."""
    assert ada.send("/v1/books", method).status_int == status


def test_without_a_session_a_form_is_no_json(stranger: Browser) -> None:
    """The API reads what it reads of everybody."""
    answer = stranger.api.post("/v1/books", {"_method": "POST", "f.title": "x"}, headers=HTML, expect_errors=True)

    assert answer.status_int in (401, 415)


def test_services_contracts_and_plain_views_have_forms_too(ada: Browser) -> None:
    """A schema gives fields; without one there is the raw body."""
    quote = ada.send("/v1/quote", quote="Less is more.", author="Mies")
    person = ada.send("/v1/people/7", "PUT", fname="Ada", lname="Lovelace")
    echo = ada.send("/v1/echo", own={"_raw": '{"a": 1}'})

    assert named(panel(ada.page("/v1/quote").text, "post"), "f.quote")
    assert quote.status_int == 303
    assert person.status_int == 303
    assert ada.json("/v1/people/7")["lname"] == "Lovelace"
    assert 'value="Lovelace"' in named(panel(ada.page("/v1/people/7").text, "put"), "f.lname")
    assert (echo.status_int, echo.content_type) == (200, "text/html")
    assert "taken" in echo.text


def test_fields_that_a_caller_must_not_know_are_in_no_form(build: Build) -> None:
    """Neither in filters nor in inputs nor in what is sorted by."""
    api = build(service__books__field__price__read="role:owner")
    browser = Browser(api).logged_in("ada")
    text = browser.page("/v1/books").text

    assert "f.title" in text
    assert "price" not in text


def test_choices_are_few_and_read_by_their_key(api: API, ada: Browser) -> None:
    """However many related rows there are, twenty are asked for."""
    for number in range(25):
        ada.send("/v1/authors", name=f"Author {number}")
    text = panel(ada.page("/v1/books").text, "post")

    assert text.count("<option value=") - text.count('<option value="">') <= 20
    assert "Ursula K. Le Guin" in text
