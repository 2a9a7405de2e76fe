"""One table of requests, two servers, and what their answers have in common."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_S = 30
# Of a body the table shows this much.
SHOWN_CHARACTERS = 220
MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"), "<id>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<host>"),
)
# What is worth a place in the table beside status and body.
HEADERS = ("allow", "location", "www-authenticate", "retry-after", "accept-patch", "content-range", "link")


@dataclass(frozen=True)
class Case:
    """One request that both get; `ours` is its target at Benben where that is another one.

    `body` is bytes, or a value that is sent as JSON. `why` is the reason of a difference.
    """

    name: str
    target: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    ours: str = ""
    our_body: Any = None
    why: str = ""


@dataclass(frozen=True)
class Original:
    """A framework of the neighbourhood and what both are asked.

    `command` starts its server, in its folder, with `{venv}` and `{port}` filled in; `ini` are lines
    that change the copy of development.ini (`key = value`). With `token` Benben is sent the
    administrator's token. `shown` makes of a JSON document what is compared.
    """

    title: str
    command: tuple[str, ...]
    cases: tuple[Case, ...]
    ini: Mapping[str, str] = field(default_factory=dict)
    token: bool = True
    ready: str = "/"
    shown: Callable[[Any], Any] = lambda document: document


@dataclass(frozen=True)
class Answer:
    """What a server said. `document` is None unless the body is JSON."""

    status: int
    type: str
    headers: Mapping[str, str]
    text: str
    document: Any = None

    @property
    def cell(self) -> str:
        """It as a cell of a Markdown table."""
        headers = "".join(f" `{name}: {_in_order(name, self.headers[name])}`" for name in HEADERS if name in self.headers)
        # What is masked has another length than what it stands for: first the one, then the other.
        body = masked(self.text)
        body = body if len(body) <= SHOWN_CHARACTERS else body[: SHOWN_CHARACTERS - 1] + "…"
        return masked(f"**{self.status}** {self.type}{headers}" + (f" {_code(body)}" if body else ""))


@dataclass(frozen=True)
class Pair:
    """Both answers to one case."""

    case: Case
    theirs: Answer
    ours: Answer
    differs: bool


@dataclass(frozen=True)
class Server:
    """Where one of the two listens, and what it is sent with every request."""

    port: int
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, case: Case, target: str, body: Any) -> Answer:
        """Return its answer to *case*. Raises: OSError, http.client.HTTPException."""
        payload = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {**self.headers, **({"Content-Type": "application/json"} if payload is not None else {}), **case.headers}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            connection.request(case.method, target, payload, headers)
            response = connection.getresponse()
            return _answer(response, response.read())
        finally:
            connection.close()


def compare(original: Original, theirs: Server, ours: Server) -> Iterator[Pair]:
    """Yield both answers to every case, asked in order."""
    for case in original.cases:
        their_answer = theirs.ask(case, case.target, case.body)
        our_answer = ours.ask(case, case.ours or case.target, case.body if case.our_body is None else case.our_body)
        yield Pair(case, their_answer, our_answer, _differs(their_answer, our_answer, original.shown))


def page(original: Original, pairs: Iterable[Pair]) -> str:
    """Return the table of *pairs* as Markdown."""
    rows = [
        "| request | " + original.title + " | Benben | |",
        "|---|---|---|---|",
        *(f"| {_request(pair.case)} | {pair.theirs.cell} | {pair.ours.cell} | {pair.case.why or 'the same'} |" for pair in pairs),
    ]
    head = (
        f"# {original.title} and Benben, asked the same\n\n"
        "Made by `make originals` from `tests/originals`; long bodies are cut, times and ids are masked.\n\n"
    )
    return head + "\n".join(rows) + "\n"


def masked(text: str) -> str:
    """Return *text* without what changes with every run."""
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def _differs(theirs: Answer, ours: Answer, shown: Callable[[Any], Any]) -> bool:
    """Tell whether the statuses differ or, of two successes, the documents."""
    if theirs.status != ours.status:
        return True
    if theirs.status >= 400 or theirs.document is None or ours.document is None:
        return False
    return masked(json.dumps(shown(theirs.document), sort_keys=True)) != masked(json.dumps(shown(ours.document), sort_keys=True))


def _answer(response: http.client.HTTPResponse, body: bytes) -> Answer:
    media_type = (response.getheader("Content-Type") or "").partition(";")[0]
    text = body.decode("utf-8", "replace")
    document = None
    if media_type.endswith("json"):
        document = json.loads(text) if text else None
        text = json.dumps(document, ensure_ascii=False) if text else ""
    return Answer(response.status, media_type, {name.lower(): value for name, value in response.getheaders()}, text, document)


def _in_order(name: str, value: str) -> str:
    """Return the value of a header; some servers keep their methods in a set, whose order changes with every run."""
    return ", ".join(sorted(value.replace(" ", "").split(","))) if name == "allow" else value


def _request(case: Case) -> str:
    ours = f"<br>at Benben {_code(case.ours)}" if case.ours else ""
    headers = "".join(f" `{name}: {value}`" for name, value in case.headers.items())
    body = case.body.decode("utf-8", "replace") if isinstance(case.body, bytes) else json.dumps(case.body)
    sent = "" if case.body is None else " " + _code(body if len(body) <= 80 else body[:79] + "…")
    return f"{case.name}<br>{_code(f'{case.method} {case.target}')}{headers}{sent}{ours}"


def _code(text: str) -> str:
    line = re.sub(r"\s+", " ", text).replace("|", "\\|")
    return f"`` {line} ``" if "`" in line else f"`{line}`"
