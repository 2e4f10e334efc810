"""Send a plan of requests to a server for some seconds: by wrk, or by our own client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.servers import Server
from bench.sites import ROOT

CONNECTIONS = 8
SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Sample:
    """One run: requests answered, seconds, milliseconds of latency, bytes, errors, processor."""

    requests: int
    seconds: float
    bytes: int
    errors: int
    p50: float
    p99: float
    cpu: float | None

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float | None:
        """Processor milliseconds of the server for one request."""
        return None if self.cpu is None else 1000 * self.cpu / max(1, self.requests)


def line(method: str, path: str, cookie: str = "", body: str = "") -> str:
    """Return one request of a plan."""
    return "\t".join((method, path, cookie, body))


def wrk() -> str | None:
    """Return wrk, installed from Debian's package when that is possible; else None."""
    if not shutil.which("wrk") and os.geteuid() == 0 and shutil.which("apt-get"):
        for words in (("update",), ("install", "-y", "--no-install-recommends", "wrk")):
            subprocess.run(
                ["apt-get", "-qq", *words], check=False, capture_output=True, timeout=180
            )
    return shutil.which("wrk")


def run(server: Server, plan: Path, seconds: int, *, encoding: str = "") -> Sample:
    """Send the plan's requests over and over for `seconds`."""
    extra = [encoding] if encoding else []
    program = shutil.which("wrk")
    if program:
        command = [
            program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s",
            "-s", str(SCRIPT), server.address, "--", str(plan), *extra,
        ]  # fmt: skip
    else:
        command = [
            sys.executable, "-m", "bench.client", str(server.port), str(plan), str(seconds),
            str(CONNECTIONS), *extra,
        ]  # fmt: skip
    before = server.cpu_seconds()
    finished = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=seconds + 60
    )
    after = server.cpu_seconds()
    found = [text for text in finished.stdout.splitlines() if text.startswith("RESULT ")]
    if not found:
        raise SystemExit(f"The load client failed:\n{finished.stdout}{finished.stderr}")
    kinds = [text for text in finished.stdout.splitlines() if text.startswith("ERRORS ")]
    if not found[0].endswith('"errors": 0}') and kinds:
        print(f"{'':<11}{kinds[0]}", flush=True)
    cpu = None if before is None or after is None else after - before
    return Sample(**json.loads(found[0].removeprefix("RESULT ")), cpu=cpu)
