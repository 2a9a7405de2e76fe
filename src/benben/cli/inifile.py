"""An ini file: its settings, and the file and line that each of them stands on.

PasteDeploy reads it; what it does not tell, where a key was written, is found by reading the
files again, along ``use = config:...`` and ``use = <section>``.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import plaster

from benben.kernel.mistakes import ConfigurationMistakes, Mistake
from benben.kernel.settings import Source

HEADER = re.compile(r"\[(.+)\]")
OPTION = re.compile(r"([^\s=:#;][^=:]*?)\s*[=:]\s*(.*)")
APP_KINDS = ("app", "application")
# The rule of a permission is written under the service that it belongs to.
PERMISSION = re.compile(r"permission ([^\s.]+)\.(\w+)")
# What is raised for a file that cannot be read, is no ini, or names what is not installed.
UNREADABLE = (OSError, ValueError, LookupError, ImportError, AttributeError, RecursionError, plaster.PlasterError)


@dataclass(frozen=True)
class Section:
    """One section of one file.

    Args:
        file: the path as the user has written it, so that it can be clicked or pasted.
        lines: the line of each key, counted from 1.
        texts: the raw text of each key, first line only.
    """

    file: str
    header: str
    lines: Mapping[str, int]
    texts: Mapping[str, str]

    @property
    def use(self) -> str:
        """Return what the section is built on, ``egg:benben`` for example."""
        here = os.path.dirname(os.path.abspath(self.file))
        return self.texts.get("use", "").replace("%(here)s", here)


@dataclass(frozen=True)
class Ini:
    """An ini file that could be read.

    Args:
        uri: as the user gave it, ``PATH`` or ``PATH#NAME``.
        settings: of ``[app:NAME]``, chains of ``use`` flattened.
        sections: those that the settings come from, the nearest first.
        loader: plaster's, for logging and the application itself.
    """

    uri: str
    global_conf: Mapping[str, str]
    settings: Mapping[str, str]
    sections: tuple[Section, ...]
    loader: Any

    @property
    def file(self) -> str:
        """Return the path as the user gave it."""
        return self.uri.partition("#")[0]

    def place(self, key: str) -> str:
        """Return ``file:line`` of *key*, or of the first key that begins with it, or the file."""
        return place(self.sections, key) or self.file

    def located(self, exc: ConfigurationMistakes) -> ConfigurationMistakes:
        """Return the same mistakes, each with the place of its key before it."""
        here = self.global_conf.get("here", "")
        origins = Source(self.settings, here, os.environ).origins
        found = []
        for mistake in exc.mistakes:
            key = PERMISSION.sub(r"service.\1.permission.\2", mistake.key)
            where = self.place(key) if origins.get(key, "ini") == "ini" else "environment"
            found.append(replace(mistake, key=f"{where}: {mistake.key}"))
        return ConfigurationMistakes(found)


def load_ini(uri: str) -> Ini:
    """Return the ini file at *uri*, ``PATH`` or ``PATH#NAME``; nothing of it is run.

    Raises: ConfigurationMistakes: it cannot be read, and why.
    """
    from pyramid.paster import get_config_loader

    file, _, name = uri.partition("#")
    name = name or "main"
    no_section = f"there is no section [app:{name}]; {file}#NAME takes [app:NAME]"
    if not os.path.isfile(file):
        raise ConfigurationMistakes([Mistake(file, "is a folder" if os.path.isdir(file) else "there is no such file")])
    try:
        loader = get_config_loader(uri)
        settings = loader.get_wsgi_app_settings()
    except configparser.Error as exc:
        raise ConfigurationMistakes(syntax_mistakes(file, exc)) from exc
    except RecursionError as exc:
        raise ConfigurationMistakes([Mistake(file, "is built on itself by use = ...")]) from exc
    except UNREADABLE as exc:
        missing = isinstance(exc, LookupError) and not follow(file, name, APP_KINDS)
        raise ConfigurationMistakes([Mistake(file, no_section if missing else _reason(exc))]) from exc
    sections = follow(file, name, APP_KINDS)
    if not sections:
        # A pipeline, for example: which of its parts is meant has to be said.
        raise ConfigurationMistakes([Mistake(file, no_section)])
    return Ini(uri, settings.global_conf, dict(settings), sections, loader)


def follow(file: str, name: str, kinds: Iterable[str]) -> tuple[Section, ...]:
    """Return the section called *name* and those that it is built on, the nearest first.

    Args:
        kinds: the words before the colon, ``app`` for example.
    """
    found: list[Section] = []
    seen: set[tuple[str, str]] = set()
    while (os.path.abspath(file), name) not in seen:
        seen.add((os.path.abspath(file), name))
        headers = {f"{kind}:{name}" for kind in kinds}
        section = next((item for item in read_sections(file) if item.header in headers), None)
        if section is None:
            break
        found.append(section)
        kind, colon, rest = section.use.partition(":")
        if kind == "config":
            base, _, name = rest.partition("#")
            file, name = os.path.join(os.path.dirname(file), unquote(base)), name or "main"
        elif section.use and not colon:
            name = section.use
    return tuple(found)


def read_sections(file: str) -> Iterator[Section]:
    """Yield the sections of *file* with the lines of their keys."""
    header, lines, texts = "", dict[str, int](), dict[str, str]()
    for number, line in enumerate(Path(file).read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if opened := HEADER.match(line):
            yield Section(file, header, lines, texts)
            kind, colon, name = opened[1].partition(":")
            header, lines, texts = f"{kind}{colon}{name.strip()}", {}, {}
        elif written := OPTION.match(line):
            key = written[1].removeprefix("get ").strip()
            lines[key], texts[key] = number, written[2].strip()
    yield Section(file, header, lines, texts)


def place(sections: Iterable[Section], key: str) -> str:
    """Return ``file:line`` of *key* in the nearest section that has it, or an empty text."""
    sections = tuple(sections)
    for section in sections:
        if key in section.lines:
            return f"{section.file}:{section.lines[key]}"
    for section in sections:
        for longer, number in section.lines.items():
            if longer.startswith(f"{key}."):
                return f"{section.file}:{number}"
    return ""


def syntax_mistakes(file: str, exc: configparser.Error) -> list[Mistake]:
    """Return what is wrong with a file that is no ini; a value is never shown, it may be secret."""
    if isinstance(exc, configparser.MissingSectionHeaderError):
        return [Mistake(f"{file}:{exc.lineno}", "stands before the first section")]
    if isinstance(exc, configparser.ParsingError):
        return [Mistake(f"{file}:{number}", "is neither a section nor KEY = VALUE") for number, _ in exc.errors]
    if isinstance(exc, (configparser.DuplicateOptionError, configparser.DuplicateSectionError)):
        what = exc.option if isinstance(exc, configparser.DuplicateOptionError) else f"[{exc.section}]"
        return [Mistake(f"{file}:{exc.lineno}", f"{what} is there twice")]
    if isinstance(exc, configparser.InterpolationError):
        where = _where_written(file, exc.section, exc.option)
        text = "a % is written %%, or begins %(name)s"
        if isinstance(exc, configparser.InterpolationMissingOptionError):
            text = f"%({exc.reference})s is not set"
        return [Mistake(f"{where}: {exc.option}", text)]
    return [Mistake(file, str(exc))]


def _where_written(file: str, header: str, key: str) -> str:
    return place((section for section in read_sections(file) if section.header == header), key) or file


def _reason(exc: BaseException) -> str:
    if isinstance(exc, UnicodeDecodeError):
        return "is not UTF-8"
    if isinstance(exc, plaster.LoaderNotFound):
        return "the name of the file must end in .ini"
    if isinstance(exc, OSError):
        return f"cannot be read: {exc.strerror}" if exc.filename is None else f"{exc.filename}: {exc.strerror}"
    if isinstance(exc, LookupError):
        return str(exc.args[0]) if exc.args else str(exc)
    return f"{type(exc).__name__}: {exc}"
