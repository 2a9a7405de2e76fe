"""A full resource whose every address is a page that one can use: the steps of the seed, in their order."""

from __future__ import annotations

import html
import inspect
import re

import benben_books.resources
import pytest

from benben.testing import API
from tests.functional.browse.conftest import HTML, JSON, Browser, Build, errors, named, panel, shown

ADDRESSES = ("/v1/books", "/v1/books/1", "/v1/nothing", "/v1/quote", "/v1/people", "/v1/books?price=x", "/v1/auth/nothing")


def test_step_1_a_resource_is_at_most_ten_lines() -> None:
    """The call that declares it; list, item, writes, filters, search and order come from that."""
    lines = inspect.getsource(benben_books.resources.author_resource).split('"""')[-1].strip().splitlines()

    assert len(lines) <= 10


@pytest.mark.parametrize("path", ADDRESSES)
def test_step_2_every_address_is_a_page(ada: Browser, path: str) -> None:
    """With breadcrumbs, request line, status, headers, the body, and the methods that there are."""
    answer = ada.page(path)
    program = ada.api.get(path, headers=JSON, expect_errors=True)

    assert answer.content_type == "text/html"
    assert answer.status_int == program.status_int
    assert 'aria-label="Breadcrumbs"' in answer.text
    assert f'<code class="address">{path}</code>' in answer.text
    assert f">{program.status_int} " in answer.text
    assert "<dt>Content-Type</dt>" in answer.text
    assert "<dt>Methods here</dt>" in answer.text
    assert 'class="json"' in answer.text
    assert "format=json" in answer.text


def test_step_2_accept_html_alone_is_enough(ada: Browser) -> None:
    """As `curl -H 'Accept: text/html'` sends it."""
    answer = ada.api.get("/v1/books/1", headers={"Accept": "text/html"})

    assert answer.content_type == "text/html"


def test_step_2_the_body_has_links(ada: Browser) -> None:
    """A key leads to its row, a related key to the other one."""
    text = ada.page("/v1/books").text

    assert '<a href="/v1/books/1">' in text
    assert '<a href="/v1/authors/1">' in text


def test_step_2_breadcrumbs_lead_to_what_can_be_read(ada: Browser) -> None:
    """The prefix is no address of its own."""
    text = ada.page("/v1/books/1").text

    assert '<li><a href="/v1/books">books</a></li>' in text
    assert "<li><span>v1</span></li>" in text
    assert '<span aria-current="page">1</span>' in text


def test_step_2_pages_lead_to_their_neighbours(ada: Browser) -> None:
    """The links keep the filters."""
    ada.send("/v1/books", title="The Lathe of Heaven", author_id="1")
    first = ada.page("/v1/books?limit=1&sort=-title")
    address = html.unescape(re.findall(r'rel="next" href="([^"]+)"', first.text)[0])
    second = ada.page(address)

    assert "Lathe" in shown(first.text)
    assert "Dispossessed" not in shown(first.text)
    assert "Dispossessed" in shown(second.text)
    assert 'rel="prev"' in second.text
    assert "limit=1&amp;sort=-title" in second.text


def test_step_2_filters_become_a_clean_address(ada: Browser) -> None:
    """What is empty is left out, and a condition of one's own is put together."""
    form = "/v1/books?_controls=1&title__icontains=disp&price__gte=&sort=-price&_field=price&_lookup=lt&_value=20"
    answer = ada.page(form)

    assert answer.status_int == 303
    assert answer.location.endswith("/v1/books?title__icontains=disp&sort=-price&price__lt=20")
    assert "The Dispossessed" in ada.page(answer.location).text


def test_step_2_declared_parameters_have_controls(ada: Browser) -> None:
    """Those of a service that is no resource as well."""
    assert named(ada.page("/v1/quote").text, "author")
    assert ada.page("/v1/quote?_controls=1&author=Alan+Turing").location.endswith("/v1/quote?author=Alan+Turing")


def test_step_3_a_list_has_a_form_with_typed_inputs_and_a_raw_one(ada: Browser) -> None:
    """Each field has the input of its type, with its bounds."""
    text = panel(ada.page("/v1/pictures").text, "post")

    assert 'type="text"' in named(text, "f.title")
    assert 'maxlength="100"' in named(text, "f.title")
    assert 'type="number"' in named(text, "f.width")
    assert 'min="1"' in named(text, "f.width")
    assert 'type="number"' in named(text, "f.price")
    assert 'type="checkbox"' in named(text, "f.is_framed")
    assert named(text, "f.is_lent").startswith("<select")
    assert named(text, "f.light").startswith("<select")
    assert 'type="date"' in named(text, "f.painted")
    assert 'type="datetime-local"' in named(text, "f.seen_at")
    assert named(text, "f.story").startswith("<textarea")
    assert named(text, "f.tags").startswith("<textarea")
    assert named(text, "_raw").startswith("<textarea")
    assert "f.id" not in text


def test_step_3_an_item_has_filled_forms_and_asks_before_it_deletes(ada: Browser) -> None:
    """PUT, PATCH and DELETE; the last one inside a fold that says what happens."""
    text = ada.page("/v1/books/1").text

    for method in ("put", "patch"):
        assert 'value="The Dispossessed"' in named(panel(text, method), "f.title")
        assert 'value="12.50"' in named(panel(text, method), "f.price")
    assert "Yes, delete" in panel(text, "delete")
    assert not re.search(r'<details class="panel danger" id="form-delete" open', text)


def test_step_3_a_bad_form_shows_each_fault_beside_its_field_and_keeps_what_was_typed(ada: Browser) -> None:
    """The status is that of the API."""
    answer = ada.send("/v1/books", title="", author_id="nobody", isbn="123", price="-1", published_date="2026-02-30")

    assert answer.status_int == 400
    assert set(errors(answer.text)) == {"title", "author_id", "isbn", "price", "published_date"}
    assert "Must be a whole number." in errors(answer.text)["author_id"]
    assert 'value="nobody"' in named(panel(answer.text, "post"), "f.author_id")
    assert 'aria-invalid="true"' in named(panel(answer.text, "post"), "f.isbn")
    assert 'aria-describedby="post-isbn-error"' in named(panel(answer.text, "post"), "f.isbn")


def test_step_3_a_good_form_leads_on(ada: Browser) -> None:
    """To what was created, to what was changed, to the list that it was deleted from."""
    created = ada.send("/v1/books", title="The Word", author_id="1")
    changed = ada.send("/v1/books/2", "PATCH", title="The Word for World")
    deleted = ada.send("/v1/books/2", "DELETE")

    assert (created.status_int, created.location) == (303, "http://localhost/v1/books/2#created")
    assert (changed.status_int, changed.location) == (303, "http://localhost/v1/books/2#saved")
    assert (deleted.status_int, deleted.location) == (303, "http://localhost/v1/books#deleted")


def test_step_4_a_stranger_sees_no_forms_and_a_way_in(stranger: Browser) -> None:
    """A 401 page has the link to the login page, which leads back."""
    answer = stranger.page("/v1/books?limit=1")

    assert answer.status_int == 401
    assert "<form" not in answer.text
    assert 'href="/login?next=/v1/books%3Flimit%3D1"' in answer.text


def test_step_4_forms_are_those_of_the_permissions_of_the_caller(api: API, ada: Browser) -> None:
    """A reader sees none; an editor sees them all; the page itself changes nothing."""
    reader = Browser(api).logged_in("bob")

    assert panel(reader.page("/v1/books/1").text, "patch") == ""
    assert panel(ada.page("/v1/books/1").text, "patch") != ""
    assert ada.json("/v1/books/1")["title"] == "The Dispossessed"


def test_step_4_a_form_without_its_token_is_refused(ada: Browser) -> None:
    """403, as a page, and nothing was done."""
    answer = ada.api.post("/v1/books/1", {"_method": "DELETE"}, headers=HTML, expect_errors=True)

    assert (answer.status_int, answer.content_type) == (403, "text/html")
    assert ada.json("/v1/books/1")["id"] == 1


def test_step_6_a_program_gets_the_bytes_that_it_got_before(build: Build, ada: Browser) -> None:
    """By Accept, by parameter, by suffix, and by default; the page is for whoever prefers HTML."""
    plain = ada.api.get("/v1/books", headers=JSON)

    for path, headers in (("/v1/books", {}), ("/v1/books?format=json", HTML), ("/v1/books.json", HTML), ("/v1/books.json", {})):
        answer = ada.api.get(path, headers=headers)
        assert answer.content_type == "application/json"
        assert answer.body == plain.body
    assert ada.api.get("/v1/books/1.json", headers=HTML).body == ada.api.get("/v1/books/1", headers=JSON).body
    assert ada.api.get("/v1/quote.json", headers=HTML).content_type == "application/json"
    assert ada.page("/v1/quotes.json").status_int == 404
    assert ada.api.get("/openapi.json", headers=HTML).content_type == "application/json"
    assert ada.api.get("/v1/books", headers={"Accept": "application/json, text/html"}).content_type == "application/json"


def test_step_6_caches_learn_that_the_answer_depends_on_accept(ada: Browser) -> None:
    """Both forms of it say so, also those of a view that does not care."""
    for path in ("/v1/books", "/v1/echo"):
        for headers in (HTML, JSON):
            assert "accept" in ada.api.get(path, headers=headers).headers["Vary"].lower()


def test_step_6_the_page_has_no_name_of_the_bytes_behind_it(ada: Browser) -> None:
    """An ETag of the JSON would be that of another representation."""
    answer = ada.page("/v1/books/1")
    again = ada.api.get("/v1/books/1", headers={**HTML, "If-None-Match": '"v1"'})

    assert "ETag" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]
    assert again.status_int == 200


def test_step_7_who_may_what_is_swapped_by_the_ini_alone(build: Build) -> None:
    """The forms follow."""
    api = build(service__books__permission__write="authenticated", service__books__methods="GET POST")
    reader = Browser(api).logged_in("bob")

    assert panel(reader.page("/v1/books").text, "post") != ""
    assert "<dd>GET, POST</dd>" in reader.page("/v1/books").text


def test_beat_the_same_request_in_three_languages(ada: Browser) -> None:
    """With its parameters, and a place for the token."""
    text = html.unescape(ada.page("/v1/books?title=a'b").text)

    assert "curl 'http://localhost/v1/books?title=a'\"'\"'b'" in text
    assert "httpx.request(" in text
    assert "await fetch(" in text
    assert "$TOKEN" in text


def test_beat_related_rows_are_found_by_a_part_of_their_name(ada: Browser) -> None:
    """Without a script: a button, the matches, and the rest of the form as it was; nothing is written."""
    ada.send("/v1/authors", name="Stanisław Lem")
    answer = ada.send("/v1/books", own={"_look_up": "author_id"}, title="Solaris", author_id="lem")

    assert answer.status_int == 200
    assert re.findall(r'name="pick.author_id" value="(\d+)"', answer.text) == ["2"]
    assert 'value="Solaris"' in named(panel(answer.text, "post"), "f.title")
    assert len(ada.json("/v1/books")["items"]) == 1

    ada.send("/v1/books", own={"pick.author_id": "2"}, title="Solaris", author_id="lem")
    assert ada.json("/v1/books/2")["author_id"] == 2


def test_beat_a_trial_keeps_nothing(ada: Browser) -> None:
    """A create, a change and a delete, each with its answer on the page and the form as it was."""
    created = ada.send("/v1/books", own={"_try": "on"}, title="Solaris", author_id="1")
    changed = ada.send("/v1/books/1", "PATCH", own={"_try": "on"}, title="Solaris")
    deleted = ada.send("/v1/books/1", "DELETE", own={"_try": "on"})

    assert [answer.status_int for answer in (created, changed, deleted)] == [201, 200, 200]
    assert all("nothing was kept" in answer.text for answer in (created, changed, deleted))
    assert "204 No Content" in deleted.text
    assert 'value="Solaris"' in named(panel(changed.text, "patch"), "f.title")
    assert [book["title"] for book in ada.json("/v1/books")["items"]] == ["The Dispossessed"]


def test_head_is_that_of_the_page(ada: Browser) -> None:
    """The same headers, and no body."""
    answer = ada.api.head("/v1/books", headers=HTML)

    assert answer.content_type == "text/html"
    assert answer.body == b""
    assert ada.api.head("/v1/books", headers=JSON).content_type == "application/json"
