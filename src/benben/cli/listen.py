"""Where and how to serve: ``[server:main]`` of an ini, and what the command line changes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import click
from paste.deploy import loadwsgi

from benben.cli.inifile import Ini, Section, follow, place
from benben.kernel.mistakes import Mistake
from benben.server.settings import ServerSettings

OURS = ("egg:benben", "egg:benben#main")
SECTION = "[server:main]"
NOTHING: Mapping[str, str] = MappingProxyType({})


def read_server_settings(ini: Ini, overrides: Mapping[str, str] = NOTHING) -> tuple[ServerSettings, list[Mistake]]:
    """Return the settings of the server and every mistake in them.

    A child ini without ``[server:main]`` takes that of the file it is built on; a section for
    another server counts as none.

    Args:
        overrides: texts that take the place of the ini's, ``listen`` and ``threads``.
    """
    sections = server_sections(ini)
    texts: Mapping[str, str] = NOTHING
    if sections and sections[-1].use in OURS:
        texts = loadwsgi.loadcontext(loadwsgi.SERVER, f"config:{sections[0].file}", relative_to=".").config().local_conf
    settings, mistakes = ServerSettings.parse({**texts, **overrides})
    return settings, [_located(mistake, sections, overrides) for mistake in mistakes]


def server_sections(ini: Ini) -> tuple[Section, ...]:
    """Return the chain of ``[server:main]`` in the ini or in the nearest file that has one."""
    for file in dict.fromkeys(section.file for section in ini.sections):
        if found := follow(file, "main", ("server",)):
            return found
    return ()


def warn_of_other_server(ini: Ini) -> None:
    """Say on stderr that a section for another server is not followed."""
    sections = server_sections(ini)
    if sections and sections[-1].use not in OURS:
        what = f"{SECTION} is for {sections[-1].use}; serving with use = {OURS[0]} and its defaults"
        click.echo(f"{sections[-1].file}: {what}; pserve follows the ini", err=True)


def _located(mistake: Mistake, sections: tuple[Section, ...], overrides: Mapping[str, str]) -> Mistake:
    if mistake.key in overrides:
        return replace(mistake, key=f"--{mistake.key}")
    where = place(sections, mistake.key)
    return replace(mistake, key=f"{where}: {SECTION} {mistake.key}" if where else f"{SECTION} {mistake.key}")
