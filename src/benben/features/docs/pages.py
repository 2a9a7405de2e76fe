"""The pages for people: HTML without scripts of their own, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
body{font:16px/1.6 system-ui,sans-serif;max-width:56rem;margin:3rem auto;padding:0 1.25rem}
h1{font-size:2rem;line-height:1.2;margin:0 0 .25rem}h2{margin-top:2.5rem;font-size:1.1rem}
a{color:light-dark(#0b57d0,#a8c7fa)}.lead{opacity:.75;margin:0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line)}
code{font:.9em ui-monospace,monospace}nav a{margin-right:1.25rem}
"""


# An icon of our own would be one more request; none at all would be asked for as /favicon.ico.
HEAD = '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'


def page(title: str, body: str) -> bytes:
    """Return a whole page; *body* is HTML already."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"{HEAD}<style>{STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    ).encode()


def start_page(document: dict[str, Any]) -> bytes:
    """Return the page of ``/``: what is on."""
    links = "".join(f'<a href="{escape(path)}">{escape(name)}</a>' for name, path in document["links"].items())
    rows = [(plugin["name"], plugin["version"], plugin["summary"]) for plugin in document["plugins"]]
    lead = f'<p class="lead">Version {escape(document["version"])}, inside <code>{escape(document["prefix"])}</code></p>'
    body = f"<h1>{escape(document['title'])}</h1>{lead}<nav>{links}</nav><h2>What is on</h2>"
    return page(document["title"], body + table(("plugin", "version", "what it is"), rows))


def problem_page(problem: Any) -> bytes:
    """Return the page of one problem."""
    meaning = escape((problem.__doc__ or "").strip())
    body = f"<h1>{escape(problem.title)}</h1><p class='lead'><code>{escape(problem.code)}</code>, status {problem.status}</p>"
    body += f"<p>{meaning}</p><h2>What to do</h2><p>{escape(problem.hint) or 'See the detail of the answer.'}</p>"
    return page(problem.title, body + '<p><a href="/problems">All problems</a></p>')


def problems_page(problems: Iterable[Any]) -> bytes:
    """Return the page that lists the problems."""
    rows = [(problem.code, str(problem.status), problem.title) for problem in problems]
    links = [(f'<a href="/problems/{escape(code)}">{escape(code)}</a>', status, escape(title)) for code, status, title in rows]
    return page("Problems", "<h1>Problems</h1>" + raw_table(("code", "status", "what it says"), links))


def reader_page(title: str, script: str, *, style: str = "", element: str = "reader") -> bytes:
    """Return the page that a reader of the document draws itself into."""
    link = f'<link rel="stylesheet" href="/docs/static/{style}">' if style else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'{HEAD}{link}</head><body><div id="{element}"></div>'
        f'<script src="/docs/static/{script}"></script><script src="/docs/static/{script.partition(".")[0]}-start.js"></script>'
        "</body></html>"
    ).encode()


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of texts."""
    return raw_table(heads, [[escape(cell) for cell in row] for row in rows])


def raw_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of HTML."""
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
