"""The pages for people: HTML and one style sheet, no script, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import msgspec

from benben.features.docs.assets import asset_url

CODE = re.compile(r"`([^`]+)`")
GENERAL_FOOT = "Benben, an API server on Pyramid."


@dataclass(frozen=True, slots=True)
class Top:
    """The bar over a page: where one is, and who.

    Args:
        crumbs: text and address of what is above the page, within the application.
        user: who asks; empty for nobody.
        login, logout: addresses; empty where there are no sessions.
    """

    root: str
    crumbs: Sequence[tuple[str, str]] = ()
    user: str = ""
    login: str = ""
    logout: str = ""

    @property
    def markup(self) -> str:
        """Return it as HTML."""
        home = f'<img src="{asset_url("icon.svg", self.root)}" alt="" width="28" height="28">' if self.crumbs else ""
        steps = "".join(
            f'<li><a href="{escape(self.root + path)}">{escape(text)}</a></li>'
            if path
            else f"<li><span>{escape(text)}</span></li>"
            for text, path in self.crumbs
        )
        crumbs = f'<nav class="crumbs" aria-label="Breadcrumbs">{home}<ol>{steps}</ol></nav>' if self.crumbs else "<span></span>"
        way = f'<a class="button" href="{escape(self.login)}">Log in</a>' if self.login else ""
        if self.user:
            way = f'<span class="who">{escape(self.user)}</span>'
            way += f'<a class="button" href="{escape(self.logout)}">Log out</a>' if self.logout else ""
        return f'<header class="bar">{crumbs}<div class="account">{way}</div></header>' if steps or way else ""


def start_page(overview: Mapping[str, Any], top: Top) -> bytes:
    """Return the page of ``/``: what is on."""
    root = top.root
    links = "".join(f'<a href="{escape(path)}">{escape(name)}</a>' for name, path in overview["links"].items())
    prefix = f", under <code>{escape(overview['prefix'])}</code>" if overview["prefix"].strip("/") else ""
    head = heading(overview["title"], f"Version {escape(overview['version'])}{prefix}", root=root)
    own = [card(plugin) for plugin in overview["plugins"] if not plugin["is_built_in"]]
    others = [card(plugin) for plugin in overview["plugins"] if plugin["is_built_in"]]
    sections = "".join(
        f'<h2>{title}</h2><ul class="cards">{"".join(cards)}</ul>'
        for title, cards in (("What it serves", own), ("What is on beside it" if own else "What is on", others))
        if cards
    )
    return page(overview["title"], f'{head}<nav class="documents" aria-label="Documents">{links}</nav>{sections}', top)


def card(plugin: Mapping[str, Any]) -> str:
    """Return one plugin of the start page."""
    version = f'<span class="quiet">{escape(plugin["version"])}</span>' if plugin["version"] else ""
    links = "".join(f'<li><a href="{escape(path)}"><code>{escape(path)}</code></a></li>' for path in plugin["links"].values())
    return (
        f'<li><div class="top"><h3>{escape(plugin["name"])}</h3>{version}</div><p class="quiet">{escape(plugin["summary"])}</p>'
        + (f'<ul class="links">{links}</ul>' if links else "")
        + "</li>"
    )


def problem_page(problem: Mapping[str, Any], top: Top) -> bytes:
    """Return the page of one problem."""
    root = top.root
    example = {name: problem[name] for name in ("type", "title", "status")}
    body = (
        heading(problem["title"], f"Status {problem['status']}, <code>{escape(problem['code'])}</code>")
        + f"<h2>What it means</h2>{prose(problem['meaning'])}"
        + f"<h2>What to do</h2>{prose(problem['hint'] or 'Read the `detail` of the answer.')}"
        + f"<h2>What the answer says at least</h2>{sample(example)}"
        + f'<nav class="documents" aria-label="Further"><a href="{escape(root)}/problems">All problems</a>'
        + f'<a href="{escape(root)}/docs">Swagger UI</a></nav>'
    )
    return page(problem["title"], body, top)


def problems_page(problems: Iterable[Mapping[str, Any]], top: Top) -> bytes:
    """Return the page that lists the problems, by status."""
    root = top.root
    rows = "".join(
        f'<tr><td class="status">{problem["status"]}</td>'
        f'<td><a href="{escape(root + problem["type"])}"><code>{escape(problem["code"])}</code></a></td>'
        f"<td>{escape(problem['title'])}</td></tr>"
        for problem in sorted(problems, key=lambda problem: (problem["status"], problem["code"]))
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Status", "Code", "What it says"))
    lead = 'Every refusal that this API can give, in the form of <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>.'
    table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return page("Problems", f"{heading('Problems', lead)}<h2>The catalogue</h2>{table}", top)


def reader_page(title: str, scripts: Sequence[str], *, style: str, root: str) -> bytes:
    """Return the page that a reader of the document draws itself into."""
    sheets = "".join(f'<link rel="stylesheet" href="{asset_url(name, root)}">' for name in ("reader.css", style) if name)
    loaded = "".join(f'<script src="{asset_url(script, root)}"></script>' for script in scripts)
    without = f'<p>This page needs JavaScript; <a href="{escape(root)}/openapi.json">the document</a> does not.</p>'
    place = f'<div id="reader" data-document="{escape(root)}/openapi.json"></div>'
    return document(title, sheets, f"{place}<noscript>{without}</noscript>{loaded}", root=root)


def page(title: str, body: str, top: Top) -> bytes:
    """Return a page of our own; *body* is HTML already."""
    sheet = f'<link rel="stylesheet" href="{asset_url("pages.css", top.root)}">'
    return document(title, sheet, f"{top.markup}<main>{body}<footer>{GENERAL_FOOT}</footer></main>", root=top.root)


def document(title: str, head: str, body: str, *, root: str) -> bytes:
    """Return a whole document of HTML."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" type="image/svg+xml" href="{asset_url("icon.svg", root)}">{head}</head><body>{body}</body></html>'
    ).encode()


def heading(title: str, lead: str, *, root: str | None = None) -> str:
    """Return the title of a page; *lead* is HTML already. With *root*, it has the emblem of the start page."""
    image = "" if root is None else f'<img src="{asset_url("icon.svg", root)}" alt="">'
    return f'<header>{image}<div><h1>{escape(title)}</h1><p class="quiet">{lead}</p></div></header>'


def sample(value: Any) -> str:
    """Return *value* as JSON that can be scrolled by the keyboard."""
    return f'<pre tabindex="0" role="region" aria-label="Example">{escape(pretty(value))}</pre>'


def prose(text: str) -> str:
    """Return paragraphs with their code marked; *text* is plain but for backticks."""
    marked = CODE.sub(r"<code>\1</code>", escape(text))
    return "".join(f"<p>{part}</p>" for part in marked.split("\n\n"))


def pretty(value: Any) -> str:
    """Return *value* as JSON for reading."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
