"""Real servers for the tests: PostgreSQL and Redis, started on free ports in a temporary folder.

They are started once for each worker, when the first test asks, and stopped at its end. A
machine without them fails the test with a sentence; a skipped database would be a lie.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis

START_TIMEOUT_S = 30
CURE = "`make test` installs it (scripts/system-packages)"
POSTGRES_OPTIONS = (
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
)


@dataclass(frozen=True)
class PostgresServer:
    """A running cluster, whose superuser needs no password."""

    port: int

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, sql: str) -> None:
        """Run a statement as the superuser."""
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(sql.encode())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test run alone."""
    folder = Path(tempfile.mkdtemp(prefix="benben-postgres-"))
    account = _unprivileged(folder)
    binaries = _postgres_binaries()
    port = free_port()
    initdb = [
        f"{binaries}/initdb",
        "-D",
        f"{folder}/data",
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    subprocess.run([*account, *initdb], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    options = [part for option in POSTGRES_OPTIONS for part in ("-c", option)]
    command = [f"{binaries}/postgres", "-D", f"{folder}/data", "-p", str(port), "-k", str(folder), *options]
    process = subprocess.Popen([*account, *command], stderr=subprocess.DEVNULL, cwd=folder)
    server = PostgresServer(port)
    try:
        _wait(lambda: server.execute("SELECT 1"), psycopg.OperationalError)
        yield server
    finally:
        # SIGINT is the fast shutdown: open connections are cut.
        process.send_signal(2)
        process.wait(START_TIMEOUT_S)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _database_numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def postgres_database(postgres_server: PostgresServer, _database_numbers: Iterator[int]) -> Iterator[str]:
    """The URL of an empty database that is dropped after the test."""
    name = f"test_{next(_database_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def shared_postgres_database(postgres_server: PostgresServer, _database_numbers: Iterator[int]) -> Iterator[str]:
    """The URL of a database that all tests of one module share, for what is slow to fill."""
    name = f"test_{next(_database_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/var/test.sqlite"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis of this test run alone."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.fail(f"redis-server is not installed; {CURE}")
    folder, port = tempfile.mkdtemp(prefix="benben-redis-"), free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            _wait(client.ping, redis.ConnectionError)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _postgres_binaries() -> Path:
    """Return the folder of the newest PostgreSQL; Debian keeps it off the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("postgres")
    if not folders and on_path is None:
        pytest.fail(f"PostgreSQL is not installed; {CURE}")
    return folders[-1] if folders else Path(on_path or "").parent


def _unprivileged(folder: Path) -> list[str]:
    """Return the command that leaves root, which PostgreSQL refuses, and give it *folder*."""
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def _wait(probe: object, failure: type[Exception]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            probe()  # type: ignore[operator]  # any callable
        except failure:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
