"""The pages as text: everything that comes from elsewhere is escaped."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from benben.features.docs.pages import Top, problem_page, problems_page, prose, reader_page, start_page

TOP = Top("")
EVIL = '"><script>alert(1)</script>'


class Tags(HTMLParser):
    """Collects the names of the tags."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        """Keep the name."""
        self.found.append(tag)


def problem(**changed: Any) -> dict[str, Any]:
    """Return a problem of the catalogue."""
    known = {"type": "/problems/gone", "code": "gone", "status": 410, "title": "Gone", "meaning": "It was here.", "hint": ""}
    return {**known, **changed}


def test_no_text_becomes_markup() -> None:
    """Whoever wrote it."""
    plugin = {"name": EVIL, "summary": EVIL, "version": EVIL, "links": {EVIL: EVIL}, "is_built_in": False}
    overview = {"title": EVIL, "version": EVIL, "prefix": EVIL, "plugins": [plugin], "links": {EVIL: EVIL}, "is_built_in": False}
    evil = problem(title=EVIL, meaning=EVIL, hint=EVIL, code=EVIL, type=EVIL)

    for page in (start_page(overview, TOP), problem_page(evil, TOP), problems_page([evil], TOP)):
        assert "script" not in Tags(page).found
    assert Tags(reader_page(EVIL, ["redoc-start.js"], style="", root="")).found.count("script") == 1


def test_backticks_are_code() -> None:
    """As in the hints of problems; an empty line begins a paragraph."""
    assert prose("Send `a<b>`.\n\nThen wait.") == "<p>Send <code>a&lt;b&gt;</code>.</p><p>Then wait.</p>"


def test_a_problem_without_a_hint_says_where_to_look() -> None:
    """Never an empty chapter."""
    assert b"Read the <code>detail</code> of the answer." in problem_page(problem(), TOP)


def test_the_problems_stand_in_the_order_of_their_status() -> None:
    """As a reader looks for them."""
    page = problems_page([problem(), problem(status=400, code="bad", type="/problems/bad")], TOP).decode()

    assert page.index("/problems/bad") < page.index("/problems/gone")


def test_a_page_has_one_heading_and_a_language() -> None:
    """For whoever has it read aloud."""
    page = problem_page(problem(), TOP)

    assert Tags(page).found.count("h1") == 1
    assert b'<html lang="en">' in page
