"""Files in a folder: what is in it, what is left over, and what happens when it is not there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from benben.cli import main
from benben.testing import API, assert_problem, build_api
from tests.functional.files.conftest import INI, png
from tests.functional.files.test_files import cover, sent

DIGEST = hashlib.sha256(png()).hexdigest()


@pytest.fixture
def storage(tmp_path: Path) -> str:
    """The folder of the files."""
    return str(tmp_path / "files")


@pytest.fixture
def ini(tmp_path: Path, storage: str) -> Path:
    """The ini file of the same application on SQLite."""
    lines = ["[app:main]", "use = egg:benben", "benben.secret = " + "x" * 40, "benben.migrate = auto", "plugin.books = on"]
    lines += [f"resource.files = {storage}", f"sqlalchemy.url = sqlite:///{tmp_path}/var/test.sqlite"]
    path = tmp_path / "app.ini"
    path.write_text("\n".join(lines) + "\n")
    return path


def stored(storage: str) -> list[str]:
    """Return the files in the folder."""
    return sorted(str(path.relative_to(storage)) for path in Path(storage).rglob("*") if path.is_file())


def library(api: API) -> API:
    """Return an editor in a library of one author and two books."""
    editor = api.by("ann", "editor")
    editor.post_json("/v1/authors", {"name": "Ursula K. Le Guin"})
    for title in ("The Dispossessed", "The Lathe of Heaven"):
        editor.post_json("/v1/books", {"title": title, "author_id": 1})
    return editor


def test_a_file_is_called_by_its_digest_and_the_row_has_no_bytes(editor: API, storage: str) -> None:
    """Two rows with the same bytes share them; others may not read the folder."""
    editor.post_json("/v1/covers", cover(image=sent(name="../../etc/passwd")))
    editor.post_json("/v1/covers", cover(book_id=2))
    with editor.registry.engine.connect() as connection:
        lengths = connection.execute(text("SELECT length(image_content) FROM books_cover")).scalars().all()

    assert stored(storage) == [f"books_cover/{DIGEST[:2]}/{DIGEST}"]
    assert lengths == [0, 0]
    assert (Path(storage) / "books_cover" / DIGEST[:2]).stat().st_mode & 0o077 == 0
    assert editor.get("/v1/covers/1/image").body == editor.get("/v1/covers/2/image").body == png()


def test_what_is_not_kept_leaves_a_file_that_no_row_names(editor: API, storage: str) -> None:
    """A trial, and a row that is refused after its file was written."""
    editor.post_json("/v1/covers", cover(), headers={"Prefer": "tx=rollback"})
    editor.post_json("/v1/covers", cover(book_id=99, image=sent(png(3, 3))), expect_errors=True)

    assert editor.get("/v1/covers").json["items"] == []
    assert len(stored(storage)) == 2


def test_a_file_that_is_gone_is_told_and_the_row_is_not(editor: API, storage: str) -> None:
    """503, with a problem of its own; what is said of it can still be read."""
    editor.post_json("/v1/covers", cover())
    (Path(storage) / stored(storage)[0]).unlink()

    assert_problem(editor.get("/v1/covers/1/image", expect_errors=True), 503, "files-unavailable")
    assert editor.get("/v1/covers/1").json["image"]["sha256"] == DIGEST


def test_a_folder_that_cannot_be_written_refuses_the_row(editor: API, storage: str) -> None:
    """And nothing is stored of it."""
    Path(storage).write_text("a file is no folder")
    answer = editor.post_json("/v1/covers", cover(), expect_errors=True)

    assert_problem(answer, 503, "files-unavailable")
    assert editor.get("/v1/covers").json["items"] == []


def test_rows_of_before_the_folder_are_read_from_the_column(tmp_path: Path, storage: str) -> None:
    """A folder that is named later takes what comes then."""
    first = build_api(tmp_path, INI)
    library(first).post_json("/v1/covers", cover())
    first.close()
    second = build_api(tmp_path, {**INI, "resource.files": storage})
    editor = second.by("ann", "editor")
    editor.post_json("/v1/covers", cover(book_id=2, image=sent(png(7, 7))))

    assert editor.get("/v1/covers/1/image").body == png()
    assert editor.get("/v1/covers/2/image").body == png(7, 7)
    assert len(stored(storage)) == 1
    second.close()


def test_a_sweep_takes_what_no_row_has_and_what_is_old(tmp_path: Path, storage: str, ini: Path) -> None:
    """Nothing that a row has, nothing young, nothing of another table."""
    api = build_api(tmp_path, {**INI, "resource.files": storage})
    editor = library(api)
    for size, book in ((2, 1), (3, 2)):
        editor.post_json("/v1/covers", cover(book_id=book, image=sent(png(size, size))))
    editor.delete("/v1/covers/2")
    gone = hashlib.sha256(png(3, 3)).hexdigest()
    other = Path(storage) / "other_table" / "aa" / ("a" * 64)
    other.parent.mkdir(parents=True)
    other.write_bytes(b"x")
    for name in stored(storage):
        os.utime(Path(storage) / name, (1, 1))
    young = editor.post_json("/v1/covers", cover(book_id=2, image=sent(png(4, 4)))).json
    editor.delete(f"/v1/covers/{young['id']}")
    done = CliRunner().invoke(main, ["files", "sweep", str(ini)])
    again = CliRunner().invoke(main, ["files", "sweep", str(ini), "--older-than", "0"])

    assert (done.exit_code, done.stdout) == (0, f"{gone}\n"), done.output
    assert again.stdout == f"{young['image']['sha256']}\n"
    assert other.exists()
    assert editor.get("/v1/covers/1/image").body == png()
    api.close()


def test_a_sweep_without_a_folder_says_where_the_files_are(ini: Path) -> None:
    """One line, and nothing is touched."""
    ini.write_text("\n".join(line for line in ini.read_text().splitlines() if "resource.files" not in line))
    done = CliRunner().invoke(main, ["files", "sweep", str(ini)])

    assert done.exit_code == 1
    assert "the files are in the database" in done.output
