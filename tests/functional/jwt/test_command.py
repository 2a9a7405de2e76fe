"""``benben token`` as an operator runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benben.cli import main
from benben.testing import API, build_api
from tests.functional.jwt.test_refresh import log_in, me

KEYS = """
[app:main]
use = egg:benben
benben.secret = a-secret-of-thirty-two-characters-or-more
benben.migrate = auto
sqlalchemy.url = sqlite:///%(here)s/var/test.sqlite
plugin.identity = on
identity.hash_profile = cheapest
plugin.jwt = on
jwt.private_key = yVw1GzbU9QkJ0hYc5eXf7rTn2mLp8sDa
plugin.books = on
""".lstrip()
PASSWORD = "correct horse battery"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder with an ini and the user ada."""
    monkeypatch.chdir(tmp_path)
    Path("app.ini").write_text(KEYS, encoding="ascii")

    def run(*words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, list(words), input=stdin)

    assert run("user", "app.ini", "add", "ada", "--password-stdin", stdin=PASSWORD).exit_code == 0
    return run


@pytest.fixture
def api(run: Run, tmp_path: Path) -> API:
    """The server of the same ini."""
    lines = [line.partition(" = ") for line in KEYS.splitlines()[2:]]
    ini = {key: text.replace("%(here)s", str(tmp_path)) for key, _, text in lines}
    return build_api(tmp_path, ini, database_url=ini.pop("sqlalchemy.url"))


@pytest.mark.parametrize("words", [("token", "app.ini", "ada"), ("token", "issue", "app.ini", "ada")])
def test_a_token_is_printed_and_nothing_else(run: Run, api: API, words: tuple[str, ...]) -> None:
    """By the short way and by the long one."""
    assert me(api, run(*words).stdout.strip()).json["userid"] == "ada"


def test_a_printed_token_may_be_narrowed(run: Run, api: API) -> None:
    """To permissions that there are."""
    token = run("token", "app.ini", "ada", "--scope", "books.read").stdout.strip()
    wrong = run("token", "app.ini", "ada", "--scope", "books.red")

    assert api.registry.jwt.verify(token).scopes == {"books.read"}
    assert wrong.exit_code == 2
    assert wrong.stdout == ""


def test_a_key_is_rotated_and_listed(run: Run) -> None:
    """One signs, one waits; with the times."""
    before = json.loads(run("token", "keys", "app.ini", "--json").stdout)
    rotated = run("token", "rotate", "app.ini")
    after = json.loads(run("token", "keys", "app.ini", "--json").stdout)

    assert [(key["algorithm"], key["state"], key["retires_at"]) for key in before] == [("HS256", "signs", "")]
    assert [key["state"] for key in after] == ["signs", "waits"]
    assert after[0]["kid"] == before[0]["kid"]
    assert after[0]["retires_at"] > after[1]["signs_at"]
    assert rotated.stdout.startswith(after[1]["kid"])
    assert "yVw1GzbU9QkJ0hYc5eXf7rTn2mLp8sDa" not in rotated.output + str(after)


def test_a_compromised_key_is_out_at_once(run: Run, api: API) -> None:
    """Its tokens are refused by the server, the new ones are good."""
    old = run("token", "app.ini", "ada").stdout.strip()
    run("token", "rotate", "app.ini", "--compromised")
    new = run("token", "app.ini", "ada").stdout.strip()

    assert [me(api, token).status_int for token in (old, new)] == [401, 200]
    assert [key["state"] for key in json.loads(run("token", "keys", "app.ini", "--json").stdout)] == ["retired", "signs"]


def test_the_tokens_of_a_user_are_revoked(run: Run, api: API) -> None:
    """All that there are, and none of tomorrow; an unknown name is told."""
    old = run("token", "app.ini", "ada").stdout.strip()

    assert run("token", "revoke", "app.ini", "ada").exit_code == 0
    assert run("token", "revoke", "app.ini", "nobody").exit_code == 2

    assert [me(api, token).status_int for token in (old, run("token", "app.ini", "ada").stdout.strip())] == [401, 200]


def test_a_client_is_added_listed_and_removed(run: Run, api: API) -> None:
    """Its secret is all of stdout, so that a pipe can take it."""
    added = run("token", "client", "add", "app.ini", "reports", "--role", "reader", "--scope", "books.read")
    secret = added.stdout.strip()
    form = {"grant_type": "client_credentials", "client_id": "reports"}
    listed = json.loads(run("token", "client", "list", "app.ini", "--json").stdout)

    assert api.post("/v1/auth/token", {**form, "client_secret": secret}).json["scope"] == "books.read"
    assert [(item["id"], item["grants"], item["roles"], item["scopes"]) for item in listed] == [
        ("reports", ["client_credentials"], ["reader"], ["books.read"])
    ]
    assert secret not in str(listed)
    newer = run("token", "client", "new-secret", "app.ini", "reports").stdout.strip()
    for good in (secret, newer):
        assert api.post("/v1/auth/token", {**form, "client_secret": good}).status_int == 200
    assert run("token", "client", "remove", "app.ini", "reports").exit_code == 0
    assert api.post("/v1/auth/token", {**form, "client_secret": newer}, status="*").status_int == 401


@pytest.mark.parametrize(
    "words", [("Reports",), ("reports", "--scope", "books.red"), ("reports", "--grant", "magic"), ("reports", "--role", "A B")]
)
def test_a_bad_client_is_not_added(run: Run, words: tuple[str, ...]) -> None:
    """One line on stderr and exit 2."""
    done = run("token", "client", "add", "app.ini", *words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert json.loads(run("token", "client", "list", "app.ini", "--json").stdout) == []


def test_a_client_is_added_once(run: Run) -> None:
    assert run("token", "client", "add", "app.ini", "reports").exit_code == 0
    assert run("token", "client", "add", "app.ini", "reports").exit_code != 0


def test_a_login_through_the_server_is_what_the_command_revokes(run: Run, api: API) -> None:
    """Refresh tokens too."""
    issued = log_in(api)
    run("token", "revoke", "app.ini", "ada")
    form = {"grant_type": "refresh_token", "refresh_token": issued["refresh_token"]}

    assert api.post("/v1/auth/token", form, status="*").status_int == 400
