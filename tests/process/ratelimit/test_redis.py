"""Two servers and one Redis, which goes away and comes back."""

from __future__ import annotations

import http.client
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from tests.servers import free_port

INI = """\
[app:main]
use = egg:benben
benben.secret = 0f4c1d2e3b5a69788796a5b4c3d2e1f00f4c1d2e3b5a69788796a5b4c3d2e1f0
sqlalchemy.url = sqlite:///%(here)s/var/test.sqlite
benben.migrate = auto
plugin.todos = on
service.todos.permission.read = public
plugin.ratelimit = on
ratelimit.storage = redis://127.0.0.1:{redis}/0
{lines}
[server:main]
use = egg:benben
listen = 127.0.0.1:{port}
threads = 16
"""
PATIENCE_S = 20.0
RECOVERY_S = 5.0


class Redis:
    """A server of its own, which can be stopped."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        binary = shutil.which("redis-server") or pytest.fail("redis-server is not installed")
        command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self.answers)

    def stop(self) -> None:
        """Stop it; every connection is cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def pause(self, number: signal.Signals) -> None:
        """Make it hang, or go on."""
        assert self._process is not None
        self._process.send_signal(number)

    def answers(self) -> bool:
        """Tell whether it answers."""
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def counters(self) -> int:
        """Return how many keys there are."""
        with redis.Redis(port=self.port) as client:
            return int(client.dbsize())


@dataclass(frozen=True)
class Answer:
    """What a request was answered, and when."""

    at: float
    took_s: float
    status: int
    retry_after: str | None


def wait_until(is_true: Callable[[], bool]) -> float:
    """Wait, and return for how many seconds."""
    began = time.monotonic()
    while not is_true():
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Redis]:
    """A running Redis."""
    found = Redis(tmp_path)
    found.start()
    yield found
    found.stop()


Serve = Callable[..., int]


@pytest.fixture
def serve(tmp_path: Path, store: Redis) -> Iterator[Serve]:
    """Return a function that starts one more server and returns its port."""
    processes: list[subprocess.Popen[bytes]] = []

    def serve(*lines: str) -> int:
        port = free_port()
        ini = tmp_path / f"{port}.ini"
        ini.write_text(INI.format(redis=store.port, port=port, lines="\n".join(lines)))
        log = (tmp_path / f"{port}.log").open("wb")
        processes.append(
            subprocess.Popen([str(Path(sys.executable).with_name("benben")), "serve", str(ini)], stdout=log, stderr=log)
        )
        wait_until(lambda: is_open(port))
        return port

    yield serve
    for process in processes:
        process.terminate()
    assert [process.wait(PATIENCE_S) for process in processes] == [0] * len(processes)


def is_open(port: int) -> bool:
    """Tell whether the server answers; the question is not limited, and not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("OPTIONS", "/v1/todos")
        return connection.getresponse().status == 204
    except OSError:
        return False
    finally:
        connection.close()


def send(port: int, number: int, *, until: float = float("inf"), pause_s: float = 0.0) -> list[Answer]:
    """Send so many requests on one connection, or as many as there is time for."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    answers = []
    while len(answers) < number and time.monotonic() < until:
        began = time.monotonic()
        connection.request("GET", "/v1/todos")
        answer = connection.getresponse()
        answer.read()
        now = time.monotonic()
        answers.append(Answer(now, now - began, answer.status, answer.headers["Retry-After"]))
        time.sleep(pause_s)
    connection.close()
    return answers


def test_two_processes_with_sixteen_threads_admit_what_the_limit_says(serve: Serve) -> None:
    """Within one per cent; the counters are those of Redis."""
    limit = 1_000
    lines = (f"ratelimit.anonymous = {limit}/day", "ratelimit.timeout = 5000")
    ports = [serve(*lines), serve(*lines)]

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda place: send(ports[place % 2], 100), range(16)))
    statuses = Counter(answer.status for answers in found for answer in answers)

    assert set(statuses) == {200, 429}
    assert abs(statuses[200] - limit) <= limit / 100


@pytest.mark.parametrize(("mode", "meanwhile"), [("local", {200}), ("open", {200}), ("closed", {503})])
def test_redis_stopped_in_the_middle_is_no_error(serve: Serve, store: Redis, mode: str, meanwhile: set[int]) -> None:
    """The mode holds while it is away, and five seconds after its return it counts again."""
    port = serve("ratelimit.anonymous = 1000000/day", f"ratelimit.fail = {mode}")
    with ThreadPoolExecutor(4) as pool:
        end = time.monotonic() + 14
        clients = [pool.submit(send, port, 10**6, until=end, pause_s=0.01) for _ in range(4)]
        time.sleep(1.5)
        store.stop()
        gone = time.monotonic()
        time.sleep(1.5)
        returning = time.monotonic()
        store.start()
        back = time.monotonic()
        recovered_s = wait_until(lambda: store.counters() > 0)
        answers = [answer for client in clients for answer in client.result()]
    while_away = [answer for answer in answers if gone + 0.3 < answer.at < returning]

    assert {answer.status for answer in while_away} == meanwhile
    assert {answer.status for answer in answers} <= {200} | meanwhile
    assert all(answer.retry_after for answer in answers if answer.status == 503)
    assert recovered_s <= RECOVERY_S
    assert {answer.status for answer in answers if answer.at > back + RECOVERY_S - 2} == {200}


def test_a_process_counts_by_itself_while_redis_is_away(serve: Serve, store: Redis) -> None:
    """So that nobody gets in without a limit; it is that of each process."""
    store.stop()
    ports = [serve("ratelimit.anonymous = 50/day"), serve("ratelimit.anonymous = 50/day")]

    statuses = [Counter(answer.status for answer in send(port, 80)) for port in ports]

    assert statuses == [{200: 50, 429: 30}] * 2


def test_a_redis_that_hangs_is_waited_for_once(serve: Serve, store: Redis) -> None:
    """Fifty milliseconds, and only by the requests that are under way."""
    port = serve("ratelimit.anonymous = 1000000/day")
    send(port, 20)
    store.pause(signal.SIGSTOP)
    try:
        answers = send(port, 200)
    finally:
        store.pause(signal.SIGCONT)
    slow = [answer for answer in answers if answer.took_s > 0.045]

    assert {answer.status for answer in answers} == {200}
    assert sum(answer.took_s for answer in answers) / len(answers) < 0.045
    assert len(slow) <= 20
