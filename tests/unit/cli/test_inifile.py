"""Where a key was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from benben.cli.inifile import follow, load_ini, place
from benben.kernel import ConfigurationMistakes, Mistake

BASE = """\
# books.page_size = 1
[app:main]
use = egg:benben
books.page_size = 10
sqlalchemy.url : sqlite://
pyramid.includes =
    books.title = no key

[server:main]
listen = 127.0.0.1:1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base file in a folder of its own, and a child that changes one key of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "base.ini").write_text(BASE)
    (tmp_path / "child.ini").write_text("[app:main]\nuse = config:etc/base.ini\n\nbooks.page_size = 20\n")
    return tmp_path


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("books.page_size", "child.ini:4"),
        ("sqlalchemy.url", "etc/base.ini:5"),
        ("books", "child.ini:4"),
        ("books.title", ""),
        ("listen", ""),
    ],
)
def test_the_nearest_line_is_found(folder: Path, key: str, expected: str) -> None:
    """Comments, continued values and other sections are no keys; a prefix takes its first key."""
    assert place(follow("child.ini", "main", ("app",)), key) == expected


def test_a_section_may_be_built_on_another_of_the_same_file(tmp_path: Path) -> None:
    ini = tmp_path / "app.ini"
    ini.write_text("[app:main]\nuse = egg:benben\na.b = 1\n[app: other]\nuse = main\nc.d = 2\n")

    sections = follow(str(ini), "other", ("app",))

    assert place(sections, "a.b") == f"{ini}:3"
    assert place(sections, "c.d") == f"{ini}:6"


def test_files_that_are_built_on_each_other_end(tmp_path: Path) -> None:
    ini = tmp_path / "app.ini"
    ini.write_text("[app:main]\nuse = config:app.ini\n")

    assert len(follow(str(ini), "main", ("app",))) == 1


def test_here_in_use_is_the_folder_of_the_file(folder: Path) -> None:
    Path("child.ini").write_text("[app:main]\nuse = config:%(here)s/etc/base.ini\n")

    assert place(follow("child.ini", "main", ("app",)), "sqlalchemy.url") == f"{folder}/etc/base.ini:5"


def test_settings_are_those_of_pastedeploy(folder: Path) -> None:
    ini = load_ini("child.ini")

    assert ini.settings["books.page_size"] == "20"
    assert ini.settings["sqlalchemy.url"] == "sqlite://"
    assert ini.global_conf["here"] == str(folder)


def test_a_key_that_is_missing_is_told_with_the_file(folder: Path) -> None:
    found = load_ini("child.ini").located(ConfigurationMistakes([Mistake("benben.secret", "is required")]))

    assert str(found) == "child.ini: benben.secret: is required"
