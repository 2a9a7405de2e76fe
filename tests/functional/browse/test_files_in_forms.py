"""Files in the forms of pages: sent, kept, taken away, refused; and what hostile ones do to a page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.browse.conftest import HTML, Browser, errors, named, panel, shown
from tests.functional.files.conftest import png

PICTURE = {"f.title": "Sunflowers", "f.width": "95", "f.tags": "[]", "f.sketch": ""}
MARKUP = '"><script>alert(1)</script>.png'


def send(ada: Browser, content: bytes, name: str = "a.png", *, path: str = "/v1/pictures", **fields: str) -> Any:
    """Send a form with a file."""
    sent = {"csrf_token": ada.token(), "_method": "POST", **PICTURE, **fields}
    return ada.api.post(path, sent, upload_files=[("file.sketch", name, content)], headers=HTML, expect_errors=True)


def test_a_form_with_files_says_how_it_is_sent(ada: Browser) -> None:
    """Others stay as they were; the input says what it takes, and how much."""
    text = panel(ada.page("/v1/covers").text, "post")

    assert 'enctype="multipart/form-data"' in text
    assert 'accept="image/png,image/jpeg,image/webp,image/gif,image/avif"' in named(text, "file.image")
    assert "At most 50 kB." in panel(ada.page("/v1/pictures").text, "post")
    assert "enctype" not in panel(ada.page("/v1/books").text, "post")


def test_a_file_is_sent_shown_and_linked(ada: Browser) -> None:
    """On its row as a picture, in the list as a name."""
    answer = send(ada, png())
    page = ada.page("/v1/pictures/1").text

    assert (answer.status_int, answer.location.rpartition("/")[2]) == (303, "1#created")
    assert '<img src="/v1/pictures/1/sketch" alt="Sketch: a.png" loading="lazy">' in page
    assert '<a href="/v1/pictures/1/sketch"><span class="s">&#34;a.png&#34;</span></a>' in shown(page)
    assert '<a href="/v1/pictures/1/sketch">' in shown(ada.page("/v1/pictures").text)
    assert ada.api.get("/v1/pictures/1/sketch").body == png()


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_form_without_a_new_file_keeps_the_old_one(ada: Browser, method: str) -> None:
    """And one says that there is to be none."""
    send(ada, png())
    filled = panel(ada.page("/v1/pictures/1").text, method)
    kept = named(filled, "f.sketch").partition('value="')[2].partition('"')[0].replace("&#34;", '"')
    fields = {"_method": method, "f.sketch": kept, "f.title": "Irises"}
    first = send(ada, b"", "", path="/v1/pictures/1", **fields)
    after = ada.json("/v1/pictures/1")
    second = send(ada, b"", "", path="/v1/pictures/1", **{**fields, "drop.sketch": "on"})

    assert "drop.sketch" in filled
    assert (first.status_int, second.status_int) == (303, 303)
    assert (after["title"], after["sketch"]["name"]) == ("Irises", "a.png")
    assert ada.json("/v1/pictures/1")["sketch"] is None
    assert ada.api.get("/v1/pictures/1/sketch", expect_errors=True).status_int == 404


def test_a_file_that_is_too_large_is_told_beside_its_input(ada: Browser) -> None:
    """What was typed stays; the file has to be chosen again, and its bytes are in no part of the page."""
    answer = send(ada, png(padding=60_000))

    assert errors(answer.text) == {"sketch": "Must have at most 50000 bytes."}
    assert 'value="Sunflowers"' in named(panel(answer.text, "post"), "f.title")
    assert len(answer.body) < 60_000
    assert "@body.json" in answer.text


def test_a_name_with_markup_is_a_text(ada: Browser) -> None:
    """In the form, beside the picture, in the table, in the JSON and in the header."""
    ada.api.post_json(
        "/v1/pictures",
        {"title": "a", "width": 1, "sketch": {"name": MARKUP.replace("/", "\u2215"), "content": "AAAA"}},
        headers={"X-CSRF-Token": ada.token()},
    )
    for path in ("/v1/pictures", "/v1/pictures/1"):
        text = ada.page(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
    assert "<" not in ada.api.get("/v1/pictures/1/sketch").headers["Content-Disposition"]


def test_a_page_of_markup_is_a_download_in_a_sandbox(ada: Browser) -> None:
    """Also for a browser that would rather have HTML."""
    send(ada, b"<script>alert(1)</script>", "a.html")
    answer = ada.api.get("/v1/pictures/1/sketch", headers=HTML)

    assert answer.body == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert "<img" not in ada.page("/v1/pictures/1").text.replace('<img src="/browse/', "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b'--x\r\nContent-Disposition: form-data; name="_method"\r\n\r\n\xff\r\n--x--',
        b'--x\r\nContent-Disposition: form-data; name="_method"\r\n\r\nPOST\r\n' * 600 + b"--x--",
    ],
)
def test_a_form_that_cannot_be_read_changes_nothing(ada: Browser, body: bytes) -> None:
    """The token may be in a header; without a readable form it is 400 at most, never 500."""
    headers = {**HTML, "X-CSRF-Token": ada.token(), "Content-Type": "multipart/form-data; boundary=x"}
    answer = ada.api.request("/v1/pictures", method="POST", body=body, headers=headers, expect_errors=True)

    assert 400 <= answer.status_int < 500
    assert ada.json("/v1/pictures")["items"] == []


def test_a_list_is_a_table_whose_heads_sort_it(ada: Browser) -> None:
    """Up, and down again; an aggregate has no order of that kind; an empty list says so and opens its form."""
    ada.send("/v1/authors", name="Stanisław Lem")
    up, down = ada.page("/v1/authors?sort=name&limit=5").text, ada.page("/v1/authors?sort=-name").text
    empty, filtered = ada.page("/v1/pictures").text, ada.page("/v1/authors?name=nobody").text

    assert 'aria-sort="ascending"><a href="/v1/authors?limit=5&amp;sort=-name">' in up
    assert 'aria-sort="descending"><a href="/v1/authors?sort=name">' in down
    assert "sort=count" not in ada.page("/v1/books?aggregate=count&group=author_id").text
    assert "There is nothing in this list yet." in empty
    assert 'id="form-post" open>' in empty
    assert "Nothing matches." in filtered
