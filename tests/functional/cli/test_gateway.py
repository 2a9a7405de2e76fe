"""``benben serve --only gateway``: the streams in a process of their own."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

from tests.functional.cli.inis import KEYS, Execute, Write
from tests.functional.cli.test_serve import BENBEN, serving

GATEWAY = f"{KEYS}plugin.realtime = on\nrealtime.gateway = process\nrealtime.listen = 127.0.0.1:0\n"


def test_a_gateway_serves_streams_and_nothing_else(write: Write, tmp_path: Path) -> None:
    """It listens on one port, says which, and ends with zero."""
    write(GATEWAY)

    command = [BENBEN, "serve", "app.ini", "--only", "gateway"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        with socket.create_connection(("127.0.0.1", int(line.rpartition(":")[2])), 5) as client:
            client.sendall(b"GET /v1/nowhere/events HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = client.recv(4096)
        process.send_signal(signal.SIGTERM)
        code = process.wait(15)

    assert line.startswith("Streams on http://127.0.0.1:")
    assert answer.startswith(b"HTTP/1.1 404")
    assert code == 0


def test_the_server_leaves_the_gateway_to_its_process(write: Write, tmp_path: Path) -> None:
    """It listens on the one port of the API."""
    write(GATEWAY)

    with serving(tmp_path, "app.ini", "--listen", "127.0.0.1:0") as (process, lines):
        opened = {str(path.readlink()) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
        # Of each socket the state is the fourth column, 0A for listening, and the inode the tenth.
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = [row for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in opened]

    assert lines[0].startswith("Serving on")
    assert len(listening) == 1


def test_a_gateway_without_a_plugin_or_an_address_is_a_mistake(write: Write, execute: Execute) -> None:
    write(KEYS)
    off = execute("serve", "app.ini", "--only", "gateway")
    write(f"{KEYS}plugin.realtime = on\n")
    nowhere = execute("serve", "app.ini", "--only", "gateway")

    assert (off.returncode, nowhere.returncode) == (2, 2)
    assert "plugin.realtime" in off.stderr
    assert "realtime.listen" in nowhere.stderr
