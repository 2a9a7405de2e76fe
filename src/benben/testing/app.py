"""An application for a test: assembled as in production, called without a socket."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webtest import TestApp

import benben
from benben.kernel.assemble import Assembly, assemble


class API(TestApp):
    """A WebTest application whose calls come from a caller with roles.

    Attributes:
        assembly: what was assembled; ``assembly.config.registry`` has the rest.
    """

    __test__ = False

    def __init__(self, app: Any, assembly: Assembly) -> None:
        super().__init__(app)
        self.assembly = assembly
        self.registry = assembly.config.registry

    def by(self, name: str, *roles: str) -> API:
        """Return the same application, called by *name* with *roles*; ``x=y`` is a claim, not a role."""
        other: Any = API(self.app, self.assembly)
        other.authorization = None
        other.extra_environ = {**self.extra_environ, "HTTP_AUTHORIZATION": " ".join(("Test", name, *roles))}
        return other

    def walk(self, url: str) -> list[Any]:
        """Follow every page of a list from *url* on and return all items."""
        items: list[Any] = []
        while url:
            answer = self.get(url)
            items += answer.json["items"]
            url = link(answer, "next")
        return items

    def close(self) -> None:
        """End what plugins have begun, and give the connections back."""
        self.assembly.stop()
        self.registry.engine.dispose()


def link(answer: Any, name: str) -> str:
    """Return the address that the Link header of *answer* gives for *name*, empty if none."""
    found = re.search(rf'<([^>]*)>; rel="{name}"', answer.headers.get("Link", ""))
    return found[1] if found else ""


def build_api(
    here: Path,
    ini: Mapping[str, str],
    *,
    database_url: str = "",
    environ: Mapping[str, str] | None = None,
    known: Mapping[str, str] | None = None,
) -> API:
    """Return a started application.

    Args:
        here: the folder that stands for that of the ini file.
        ini: keys of ``[app:main]``; a secret, a database and test callers are added.
        database_url: by default a SQLite file under *here*.
    """
    settings = {
        "benben.secret": secrets.token_hex(32),
        "benben.migrate": "auto",
        "sqlalchemy.url": database_url or f"sqlite:///{here}/var/test.sqlite",
        "plugin.testing": "on",
        "plugin.testing.include": "benben.testing.identity",
        **ini,
    }
    assembly = assemble({"here": str(here)}, settings, foundations=benben.FOUNDATIONS, environ=environ or {}, known=known)
    assembly.start()
    return API(assembly.config.make_wsgi_app(), assembly)
