"""Start and stop web servers on loopback, and read what they cost in processor time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.sites import ROOT, Site

GUNICORN = ("gunicorn", "--no-control-socket", "--log-level", "warning", "--bind", "{at}")
SHAPES = {
    "gunicorn gthread, 1 × 8 threads": (
        *GUNICORN, "--worker-class", "gthread", "--workers", "1", "--threads", "8",
    ),
    "gunicorn sync, 2 workers": (*GUNICORN, "--worker-class", "sync", "--workers", "2"),
    "granian, 1 × 8 threads": (
        "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "8",
        "--no-ws", "--log-level", "warning", "--host", "127.0.0.1", "--port", "{port}",
    ),
}  # fmt: skip
EMBEDDED = "gunicorn gthread, 1 × 8 threads"
PRODUCT, FLOOR = "wsgi:app", "bench.floor:app"
START_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running server: its first process, and the database server when there is one."""

    port: int
    pid: int
    database_pid: int | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float | None:
        """Return the processor time of server, workers and database; None without /proc."""
        try:
            stats = [_stat(int(path.name)) for path in Path("/proc").iterdir() if _is_pid(path)]
        except FileNotFoundError:
            return None
        alive = [stat for stat in stats if stat]
        family, size = {self.pid, self.database_pid}, 0
        while size != len(family):
            size = len(family)
            family |= {pid for pid, parent, _ticks in alive if parent in family}
        return sum(ticks for pid, _parent, ticks in alive if pid in family) / TICKS


def _is_pid(path: Path) -> bool:
    return path.name.isdigit()


def _stat(pid: int) -> tuple[int, int, int] | None:
    """Return process, parent, and ticks used by it and by children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid, int(fields[1]), sum(int(field) for field in fields[11:15])


@contextmanager
def serve(app: str, shape: str, site: Site, log: Path, *, cache: bool = False) -> Iterator[Server]:
    """Run an application in this shape until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [part.format(at=f"127.0.0.1:{port}", port=port) for part in SHAPES[shape]]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, app],
            cwd=ROOT,
            env=site.environment | {"HUB_CACHE": str(int(cache))},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        server = Server(port, process.pid, site.database_pid())
        _await_answer(server, process, log)
        yield server
    finally:
        _stop(process)


def _await_answer(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.address}/healthz", timeout=5) as answer:
                answer.read()
            return
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{server.address} answers {error.code}; see {log}") from error
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"A server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The group is this server's own session: master and workers.
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, number)
        try:
            process.wait(timeout=10)
            return
        except subprocess.TimeoutExpired:
            continue
