"""The first start makes an administrator, once, and tells the password once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from benben.features.identity.models import User
from benben.features.identity.services import create_user, make_first_user
from benben.kernel import ConfigurationMistakes
from benben.testing import API, build_api

INI = {"plugin.identity": "on", "identity.hash_profile": "cheapest", "identity.first_user": "admin"}
PASSWORD = re.compile(r"with the password (\w{24})\n")


def test_the_first_start_tells_the_password_and_the_second_does_not(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """On standard error and nowhere else; it is the right one, and its user has the role admin."""
    api = build_api(tmp_path, INI, database_url=database_url)
    told = capsys.readouterr()
    build_api(tmp_path, INI, database_url=database_url).close()
    again = capsys.readouterr()

    found = PASSWORD.search(told.err)
    assert found is not None
    account = api.registry.identity.authenticate("admin", found[1])
    assert account is not None
    assert account.roles == {"admin"}
    assert told.out == again.out == again.err == ""
    assert found[1] not in caplog.text
    api.close()


@pytest.mark.parametrize("first_user", ["", None])
def test_nobody_is_made_unless_it_is_asked_for(
    tmp_path: Path, database_url: str, first_user: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty name and no name are the same."""
    ini = {key: text for key, text in {**INI, "identity.first_user": first_user}.items() if text is not None}
    api = build_api(tmp_path, ini, database_url=database_url)

    assert capsys.readouterr().err == ""
    assert api.registry.identity.find("admin") is None
    api.close()


def test_nobody_is_made_where_there_are_users(api: API) -> None:
    """Even if nobody of them is an administrator."""
    with Session(api.registry.engine) as session, session.begin():
        create_user(session, api.registry.identity.passwords, "ada")

    assert make_first_user(api.registry.engine, api.registry.identity.passwords, "admin") is None
    assert api.registry.identity.find("admin") is None


def test_of_many_starts_at_once_one_makes_the_user(api: API) -> None:
    """Each with an engine of its own, as processes have; one has a password to tell, and it is right."""
    url, starts = api.registry.engine.url, 4
    barrier = Barrier(starts)

    def start(_number: int) -> str | None:
        barrier.wait()
        return make_first_user(api.registry.engine, api.registry.identity.passwords, "admin")

    with ThreadPoolExecutor(starts) as pool:
        told = [password for password in pool.map(start, range(starts)) if password is not None]

    assert len(told) == 1
    assert api.registry.identity.authenticate("admin", told[0]) is not None
    engine = create_engine(url)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
    engine.dispose()


def test_a_start_before_the_migration_makes_nobody(
    tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """The operator migrates by hand; the start after that makes the user."""
    build_api(tmp_path, {**INI, "benben.migrate": "manual"}, database_url=database_url).close()

    assert "after `benben db INI upgrade`" in caplog.text
    assert capsys.readouterr().err == ""


def test_the_first_user_needs_a_proper_name(tmp_path: Path) -> None:
    """The start says so, and nothing was written."""
    with pytest.raises(ConfigurationMistakes) as caught:
        build_api(tmp_path, {**INI, "identity.first_user": "The Admin"})

    assert [mistake.key for mistake in caught.value.mistakes] == ["identity.first_user"]
    assert list(tmp_path.iterdir()) == []
