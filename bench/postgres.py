"""A throwaway PostgreSQL for one run of the benchmark."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

START_TIMEOUT_S = 30
OPTIONS = (
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=256MB",
    # Commits do not wait for the disk, which is not what is measured and varies more than all else.
    "synchronous_commit=off",
    "max_wal_size=2GB",
    # It would run in the middle of somebody's round; the runner vacuums between them.
    "autovacuum=off",
)


@dataclass(frozen=True)
class Cluster:
    """A running server whose superuser needs no password."""

    port: int

    def url(self, name: str) -> str:
        """Return the URL of a database in the words of SQLAlchemy."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database, empty or a copy of *template*; return its URL."""
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return self.url(name)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Give a PostgreSQL; stop it and remove its files at the end."""
    folder = Path(tempfile.mkdtemp(prefix="benben-bench-postgres-"))
    account, binaries, port = unprivileged(folder), newest_binaries(), free_port()
    initdb = ["-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    subprocess.run([*account, f"{binaries}/initdb", *initdb], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    options = [part for option in OPTIONS for part in ("-c", option)]
    command = [f"{binaries}/postgres", "-D", f"{folder}/data", "-p", str(port), "-k", str(folder), *options]
    process = subprocess.Popen([*account, *command], stderr=subprocess.DEVNULL, cwd=folder)
    try:
        wait(port)
        yield Cluster(port)
    finally:
        # The fast shutdown: open connections are cut.
        process.send_signal(signal.SIGINT)
        process.wait(START_TIMEOUT_S)
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def newest_binaries() -> Path:
    """Return the folder of the newest PostgreSQL; Debian keeps it off the PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("postgres")
    if not folders and on_path is None:
        raise RuntimeError("PostgreSQL is not installed; scripts/system-packages postgresql installs it")
    return folders[-1] if folders else Path(on_path or "").parent


def unprivileged(folder: Path) -> list[str]:
    """Return the command that leaves root, which PostgreSQL refuses, and give it *folder*."""
    if os.geteuid() != 0:
        return []
    account = pwd.getpwnam("postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


def wait(port: int) -> None:
    """Return once the server answers. Raises: psycopg.OperationalError: it does not."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
