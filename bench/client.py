"""A small load client for machines without wrk: one process, one thread per connection.

`python -m bench.client PORT PLAN SECONDS CONNECTIONS [gzip]` prints the same line as `wrk.lua`.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from itertools import repeat
from pathlib import Path

TIMEOUT = 10


class Load:
    """The requests of a plan, shared by the connections, and what became of them."""

    def __init__(self, lines: list[str], seconds: float, encoding: str) -> None:
        requests = [line.split("\t") for line in lines]
        self.plan = iter(repeat(requests[0]) if len(requests) == 1 else requests)
        self.lock = threading.Lock()
        self.encoding = encoding
        self.started = time.monotonic()
        self.ends = self.started + seconds
        self.latencies: list[float] = []
        self.bytes = self.errors = 0

    def run(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        while time.monotonic() < self.ends:
            with self.lock:
                line = next(self.plan, None)
            if line is None:
                break
            self._send(connection, *line)
        connection.close()

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, cookie: str, body: str
    ) -> None:
        headers = {"Cookie": cookie} if cookie else {}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.encoding:
            headers["Accept-Encoding"] = self.encoding
        began = time.monotonic()
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            size = len(answer.read()) + len(str(answer.headers))
            failed = answer.status >= 400
        except (OSError, http.client.HTTPException):
            connection.close()
            size, failed = 0, True
        with self.lock:
            self.latencies.append((time.monotonic() - began) * 1000)
            self.bytes += size
            self.errors += failed


def main() -> None:
    port, plan, seconds, connections, *encoding = sys.argv[1:]
    load = Load(
        Path(plan).read_text().splitlines(), float(seconds), encoding[0] if encoding else ""
    )
    threads = [
        threading.Thread(target=load.run, args=(int(port),)) for _ in range(int(connections))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    latencies = sorted(load.latencies) or [0.0]
    result = {
        "requests": len(load.latencies),
        "seconds": time.monotonic() - load.started,
        "bytes": load.bytes,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[len(latencies) * 99 // 100],
        "errors": load.errors,
    }
    print("RESULT", json.dumps(result))


if __name__ == "__main__":
    main()
