"""A folder of scripts is read as a line, or left to Alembic."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from benben.db.migrate import Status, _status
from benben.db.revisions import current_revisions, line_of
from benben.kernel.mistakes import ConfigurationMistakes

SCRIPT = (
    'revision = "{}"\ndown_revision = {}\nbranch_labels = None\ndepends_on = None\ndef upgrade(): pass\ndef downgrade(): pass\n'
)


def write(folder: Path, *scripts: tuple[str, str]) -> Path:
    """Make the scripts with the revision and what it follows, as Python writes it."""
    for revision, down in scripts:
        (folder / f"{revision}.py").write_text(SCRIPT.format(revision, down))
    return folder


def test_a_line_is_read_in_its_order(tmp_path: Path) -> None:
    """Whatever the files are called; the files beside them are none of it."""
    folder = write(tmp_path, ("b", '"c"'), ("a", '"b"'), ("c", "None"))
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "notes.txt").write_text("")

    assert line_of(folder) == ("c", "b", "a")


def test_annotations_and_comments_are_read_too(tmp_path: Path) -> None:
    """As newer templates of Alembic write them."""
    source = "from typing import Union\nrevision: str = 'x'\ndown_revision: Union[str, None] = None  # the first\n"
    (tmp_path / "x.py").write_text(source)

    assert line_of(tmp_path) == ("x",)


@pytest.mark.parametrize(
    "scripts",
    [
        [("a", "None"), ("b", '"a"'), ("c", '"a"')],
        [("a", "None"), ("b", '"a"'), ("c", '("a", "b")')],
        [("a", "None"), ("b", "PARENT")],
        [("a", '"b"'), ("b", '"a"')],
        [("a", '"gone"')],
        [],
    ],
    ids=["two heads", "a merge", "made by code", "a circle", "nothing before it", "no scripts"],
)
def test_what_is_no_line_is_left_to_alembic(tmp_path: Path, scripts: list[tuple[str, str]]) -> None:
    """It knows all of them, or says what is wrong."""
    assert line_of(write(tmp_path, *scripts)) == ()


def test_a_script_that_depends_on_another_plugin_is_left_to_alembic(tmp_path: Path) -> None:
    """The order is no longer that of one folder."""
    (tmp_path / "a.py").write_text(SCRIPT.format("a", "None").replace("depends_on = None", 'depends_on = "other"'))

    assert line_of(tmp_path) == ()


def test_both_ways_of_reading_agree(tmp_path: Path) -> None:
    """At every revision, for a line; Alembic judges the same scripts with a branch label."""
    line = write(tmp_path, ("a", "None"), ("b", '"a"'), ("c", '"b"'))
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        assert current_revisions(connection, ["x", "y"]) == {"x": (), "y": ()}
        connection.execute(text("CREATE TABLE alembic_version_x (version_num VARCHAR(32) NOT NULL)"))
        for current, pending in ((None, ("a", "b", "c")), ("a", ("b", "c")), ("c", ())):
            connection.execute(text("DELETE FROM alembic_version_x"))
            if current:
                connection.execute(text("INSERT INTO alembic_version_x VALUES (:x)"), {"x": current})
            found = current_revisions(connection, ["x"])["x"]
            from benben.db.scripts import judge_scripts

            assert _status(connection, "x", line, found) == Status("x", current or "", "c", pending)
            assert judge_scripts(connection, "x", line) == (current or "", "c", pending)


def test_a_revision_that_nobody_knows_is_a_mistake(tmp_path: Path) -> None:
    """The database is newer than the plugin that is installed."""
    line = write(tmp_path, ("a", "None"))
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("CREATE TABLE alembic_version_x (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version_x VALUES ('z')"))
        with pytest.raises(ConfigurationMistakes, match="is at z"):
            _status(connection, "x", line, ("z",))
