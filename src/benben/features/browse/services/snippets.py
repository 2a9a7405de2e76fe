"""The same request for a shell, for Python and for JavaScript."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

MAX_BODY = 4_000
"""Characters of a body that anybody would read, or type; what is longer stands in a file."""
SHELL_TOKEN = "Authorization: Bearer $TOKEN"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as another client would send it.

    Args:
        body: empty where there is none.
        is_public: nobody is asked who they are.
    """

    method: str
    url: str
    body: str = ""
    media_type: str = ""
    is_public: bool = True

    @property
    def is_long(self) -> bool:
        """Tell whether the body is nothing that somebody would read here, the bytes of a file for example."""
        return len(self.body) > MAX_BODY

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that matter, without the credentials."""
        return {"Accept": "application/json", **({"Content-Type": self.media_type} if self.body else {})}


def snippets(sent: Sent) -> list[tuple[str, str]]:
    """Return the name of each language and the request in it."""
    return [("curl", curl(sent)), ("Python", python(sent)), ("JavaScript", javascript(sent))]


def curl(sent: Sent) -> str:
    """Return the command for a POSIX shell."""
    first = "curl" if sent.method == "GET" else f"curl -X {sent.method}"
    parts = [f"{first} {shlex.quote(sent.url)}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in sent.headers.items()]
    if not sent.is_public:
        # In double quotes, so that the shell puts the token in.
        parts.append(f'-H "{SHELL_TOKEN}"')
    if sent.body:
        parts.append("--data-binary @body.json" if sent.is_long else f"--data-raw {shlex.quote(sent.body)}")
    return " \\\n  ".join(parts)


def python(sent: Sent) -> str:
    """Return the lines for Python with httpx."""
    headers = [f"        {name!r}: {value!r}," for name, value in sent.headers.items()]
    if not sent.is_public:
        headers.append("        'Authorization': f'Bearer {token}',")
    lines = ["import httpx", "", "answer = httpx.request(", f"    {sent.method!r},", f"    {sent.url!r},"]
    lines += ["    headers={", *headers, "    },"]
    if sent.body:
        lines.append("    content=open('body.json', 'rb').read()," if sent.is_long else f"    content={sent.body!r}.encode(),")
    return "\n".join([*lines, ")", "print(answer.status_code, answer.json())"])


def javascript(sent: Sent) -> str:
    """Return the lines for JavaScript with fetch."""
    headers = [f"    {json.dumps(name)}: {json.dumps(value)}," for name, value in sent.headers.items()]
    if not sent.is_public:
        headers.append('    "Authorization": `Bearer ${token}`,')
    lines = [f"const answer = await fetch({json.dumps(sent.url)}, {{", f"  method: {json.dumps(sent.method)},"]
    lines += ["  headers: {", *headers, "  },"]
    if sent.body:
        lines.append("  body: await file.text(), // of body.json" if sent.is_long else f"  body: {json.dumps(sent.body)},")
    return "\n".join([*lines, "});", "console.log(answer.status, await answer.json());"])
