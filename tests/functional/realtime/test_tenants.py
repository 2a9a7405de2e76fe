"""Changes of rows that belong to tenants: each stream is of one, and hears of nothing else, deletions included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, delete
from sqlalchemy.orm import Session
from websockets.exceptions import InvalidStatus

from benben.features.tenant.models import Member
from benben.testing import build_api
from tests.functional.realtime.conftest import Streams, drained, receive
from tests.functional.tenant.notes import Base

NOTES = "/v1/realtime/notes"
INI = {
    "plugin.tenant": "on",
    "plugin.notes": "on",
    "plugin.notes.include": "tests.functional.tenant.notes",
    "plugin.notes.prefix": "/v1",
    "plugin.realtime": "on",
    "realtime.listen": "127.0.0.1:0",
    "realtime.resources": "notes",
    "realtime.recheck": "1",
    "tenant.recheck": "1",
}


@pytest.fixture
def streams(tmp_path: Path, database_url: str) -> Iterator[Streams]:
    """An application with tenants and a gateway, on both databases."""
    (tmp_path / "var").mkdir()
    engine = create_engine(database_url)
    Base.metadata.create_all(engine)
    engine.dispose()
    found = Streams(build_api(tmp_path, INI, database_url=database_url))
    yield found
    found.close()
    found.api.close()


def write(streams: Streams, tenant: str, text: str) -> int:
    """Make a note of a tenant; return its key."""
    key: int = streams.api.by("writer", f"tenant={tenant}").post_json("/v1/notes", {"text": text}).json["id"]
    return key


def test_a_stream_hears_of_its_own_tenant_and_of_no_other(streams: Streams) -> None:
    acme, ibis = streams.socket(NOTES, "ann tenant=acme"), streams.socket(NOTES, "ian tenant=ibis")
    receive(acme), receive(ibis)

    key = write(streams, "acme", "ours")
    write(streams, "ibis", "theirs")

    assert receive(acme)["data"]["item"]["text"] == "ours"
    seen = receive(ibis)["data"]
    assert seen["item"]["text"] == "theirs"
    assert "tenant" not in seen
    assert key


def test_a_deletion_is_told_to_the_tenant_of_the_row_alone(streams: Streams) -> None:
    acme, ibis = streams.socket(NOTES, "ann tenant=acme"), streams.socket(NOTES, "ian tenant=ibis")
    receive(acme), receive(ibis)
    key = write(streams, "acme", "gone soon")
    receive(acme)

    streams.api.by("writer", "tenant=acme").delete(f"/v1/notes/{key}")
    write(streams, "ibis", "next")

    assert receive(acme)["data"] == {"action": "deleted", "key": key}
    assert receive(ibis)["data"]["item"]["text"] == "next"


def test_who_works_for_several_tenants_says_for_which_one_the_stream_is(streams: Streams) -> None:
    """By the header of REST; two streams of one caller are apart."""
    with Session(streams.api.registry.engine) as session, session.begin():
        session.add_all([Member(userid="both", tenant="acme"), Member(userid="both", tenant="ibis")])
    with pytest.raises(InvalidStatus) as caught:
        streams.socket(NOTES, "both")
    one, other = (open_for(streams, tenant) for tenant in ("acme", "ibis"))

    write(streams, "acme", "for acme")
    write(streams, "ibis", "for ibis")

    assert json.loads(caught.value.response.body)["type"] == "/problems/tenant-required"
    assert receive(one)["data"]["item"]["text"] == "for acme"
    assert receive(other)["data"]["item"]["text"] == "for ibis"


def open_for(streams: Streams, tenant: str) -> Any:
    """Open a stream of the caller of both tenants."""
    headers = {"Authorization": "Test both", "X-Tenant": tenant}
    found = streams.socket(NOTES, "", additional_headers=headers)
    receive(found)
    return found


def test_who_leaves_a_tenant_loses_its_streams(streams: Streams) -> None:
    """4003, as for any permission that is gone."""
    engine = streams.api.registry.engine
    with Session(engine) as session, session.begin():
        session.add(Member(userid="sue", tenant="acme"))
    client = streams.socket(NOTES, "sue")
    receive(client)

    with Session(engine) as session, session.begin():
        session.execute(delete(Member).where(Member.userid == "sue"))

    assert drained(client)[1] == 4003
