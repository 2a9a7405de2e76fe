"""``benben apikey`` as an operator runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from benben.cli import main
from benben.features.identity.services import create_user
from benben.testing import API, build_api
from tests.functional.apikey.conftest import PASSWORD, me

KEYS = """
[app:main]
use = egg:benben
benben.secret = a-secret-of-thirty-two-characters-or-more
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/test.sqlite
plugin.identity = on
identity.hash_profile = cheapest
identity.recheck = 1
plugin.apikey = on
plugin.books = on
""".lstrip()
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder with an ini."""
    monkeypatch.chdir(tmp_path)
    Path("app.ini").write_text(KEYS, encoding="ascii")

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["apikey", "app.ini", *words])

    return run


@pytest.fixture
def api(run: Run, tmp_path: Path) -> API:
    """The server of the same ini, with the user ada."""
    ini = {key: text for key, _, text in (line.partition(" = ") for line in KEYS.splitlines()[2:])}
    ini.pop("sqlalchemy.url")
    api = build_api(tmp_path, ini, database_url=f"sqlite:///{tmp_path}/var/test.sqlite")
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "ada", password=PASSWORD)
    return api


def test_a_key_is_made_listed_and_revoked(run: Run, api: API) -> None:
    """It is all of stdout, so that a pipe can take it; the list shows its visible part."""
    key = run("add", "ada", "--name", "report", "--scope", "me.read", "--days", "30").stdout.strip()
    listed = json.loads(run("list", "--json").stdout)

    assert me(api, key).json["userid"] == "ada"
    assert [(item["user"], item["name"], item["scopes"]) for item in listed] == [("ada", "report", ["me.read"])]
    assert key.startswith(f"{listed[0]['id']}.")
    assert key.partition(".")[2] not in str(listed)
    assert run("list", "bob", "--json").stdout.strip() == "[]"
    assert run("revoke", listed[0]["id"]).exit_code == 0
    assert run("list", "--json").stdout.strip() == "[]"
    assert run("revoke", listed[0]["id"]).exit_code == 2


@pytest.mark.parametrize("words", [("nobody",), ("ada", "--scope", "books.red"), ("ada", "--days", "0")])
def test_a_bad_wish_makes_no_key(run: Run, api: API, words: tuple[str, ...]) -> None:
    """One line on stderr."""
    done = run("add", *words)

    assert done.exit_code != 0
    assert done.stdout == ""
    assert json.loads(run("list", "--json").stdout) == []


def test_without_the_plugin_the_command_says_so(run: Run) -> None:
    Path("app.ini").write_text(KEYS.replace("plugin.apikey = on\n", ""), encoding="ascii")

    done = run("list")

    assert done.exit_code == 2
    assert "plugin.apikey" in done.stderr
