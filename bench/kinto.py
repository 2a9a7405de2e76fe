"""Kinto keeps its own tables: the same books as records of one collection, on PostgreSQL alone.

It has no relations, so that there is no list with authors, and its batches end at 25 requests.
"""

from __future__ import annotations

import datetime
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.databases import ROOT, Database, plain
from bench.rows import CREATED_TITLE, EPOCH, MIN_PRICE, PAGE, Sizes, books
from bench.works import NEW, Request

COLLECTION = "/buckets/bench/collections/books"
RECORDS = f"/v1{COLLECTION}/records"
COLUMNS = "id, parent_id, resource_name, last_modified, data, deleted"


@dataclass(frozen=True)
class KintoDatabase(Database):
    """A database with Kinto's tables."""

    def environment(self) -> dict[str, str]:
        """Return what Kinto finds in its environment."""
        url = plain(self.url)
        return {**super().environment(), "KINTO_STORAGE_URL": url, "KINTO_PERMISSION_URL": url}

    def remove_created(self) -> None:
        """Take away what was created."""
        self.ask(f"DELETE FROM objects WHERE data->>'title' = '{CREATED_TITLE}'")
        self.ask("VACUUM objects")


def kinto_requests(database: Database) -> Mapping[str, Request]:
    """Return the requests in Kinto's words."""
    return {
        "item": Request("GET", f"{RECORDS}/b{database.sizes.books // 2}"),
        "list": Request("GET", RECORDS, f"min_price={MIN_PRICE}&_sort=title&_limit={PAGE}"),
        "create": Request("POST", RECORDS, body=json.dumps({"data": NEW}), headers=(("Content-Type", "application/json"),)),
    }


def unwrap(document: Any) -> Any:
    """Return the records as books, with the numbers that their ids hold."""
    data = document["data"]
    return [as_book(record) for record in data] if isinstance(data, list) else as_book(data)


def as_book(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return one record as a book; one that was just created has an id of Kinto's own and no instants."""
    number = int(record["id"][1:]) if record["id"][1:].isdigit() else 1
    return {"created_at": "now", **record, "id": number}


def make_kinto_database(url: str, sizes: Sizes) -> KintoDatabase:
    """Make Kinto's tables and write the records.

    Raises: RuntimeError: Kinto cannot be run.
    """
    database = KintoDatabase("postgresql", url, sizes)
    # Called by name: the contestants import this module.
    command = [ROOT / ".venv-bench" / "bin" / "kinto", "migrate", "--ini", "bench/kinto.ini"]
    made = subprocess.run(command, env=database.environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"kinto migrate: {made.stderr[-500:]}")
    with psycopg.connect(plain(url), autocommit=True) as connection:
        # It would look for the time of the latest record at each row.
        connection.execute("ALTER TABLE objects DISABLE TRIGGER tgr_objects_last_modified")
        with connection.cursor().copy(f"COPY objects ({COLUMNS}) FROM STDIN".encode()) as copy:
            copy.write_row(["bench", "", "bucket", EPOCH, "{}", False])
            copy.write_row(["books", "/buckets/bench", "collection", EPOCH, "{}", False])
            for book in books(sizes):
                at = EPOCH + datetime.timedelta(milliseconds=book["id"])
                copy.write_row([f"b{book['id']}", COLLECTION, "record", at, json.dumps(as_record(book)), False])
        connection.execute("ALTER TABLE objects ENABLE TRIGGER tgr_objects_last_modified")
        connection.execute("VACUUM ANALYZE objects")
        for permission in ("read", "write"):
            entry = f"('/buckets/bench', '{permission}', 'system.Everyone')"
            connection.execute(f"INSERT INTO access_control_entries (object_id, permission, principal) VALUES {entry}".encode())
    return database


def as_record(book: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a record; the price is a number, since records are compared as JSON."""
    dates = {name: book[name].isoformat() for name in ("published_date", "created_at", "updated_at")}
    return {"title": book["title"], "author_id": book["author_id"], "isbn": book["isbn"], "price": float(book["price"]), **dates}
