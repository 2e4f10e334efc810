"""A PostgreSQL for the tests: the one that TEST_DATABASE_URL names, or a cluster of our own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

BINARIES = Path("/usr/lib/postgresql")
SUPERUSER = "postgres"
PREFIX = "hub-pg-"


class NoPostgreSQL(Exception):
    """No server was named and no binaries are installed; the message says what to do."""


def binaries() -> Path:
    """Return the folder of the newest installed server; raises NoPostgreSQL."""
    found = [path.parent for path in BINARIES.glob("*/bin/initdb")]
    if not found:
        raise NoPostgreSQL(
            "PostgreSQL is not installed: `apt-get install postgresql`, or set TEST_DATABASE_URL."
        )
    return max(found, key=lambda path: float(path.parent.name))


@contextmanager
def server(durable: bool = False) -> Iterator[URL]:
    """Yield the address of a server on which databases may be created and dropped.

    A cluster of our own lives in the temp folder, listens on 127.0.0.1 only and is gone
    afterwards. `durable` keeps fsync on, for tests that kill the server.
    """
    named = os.environ.get("TEST_DATABASE_URL")
    if named and not durable:
        yield make_url(named).set(drivername="postgresql+psycopg")
        return
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / "owner").write_text(str(os.getpid()))
    cluster = Cluster(folder, binaries())
    try:
        cluster.create()
        cluster.start(durable=durable)
        yield cluster.url
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Stop and remove clusters whose test run was killed before it could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError, subprocess.SubprocessError):
            if not Path(f"/proc/{int((folder / 'owner').read_text())}").exists():
                Cluster(folder, binaries()).stop()
                shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """One data folder and the server that runs on it."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs
        self.port = _free_port()
        self.url = URL.create(
            "postgresql+psycopg", SUPERUSER, host="127.0.0.1", port=self.port, database="postgres"
        )

    def create(self) -> None:
        """Make the data folder; the server refuses to run as root, so root lends it away."""
        if os.geteuid() == 0:
            account = pwd.getpwnam(SUPERUSER)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._run(
            "initdb", "-D", "data", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip

    def start(self, *, durable: bool = False) -> None:
        """Start the server and wait until it answers."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "timezone": "UTC",
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "synchronous_commit": "on" if durable else "off",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "60", "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once; its data is thrown away."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", SUPERUSER, "--", *command]
        # Output goes to a file: the server would keep a pipe open.
        with (self.folder.parent / f"{self.folder.name}.log").open("w+b") as output:
            try:
                subprocess.run(
                    command,
                    cwd=self.folder,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    check=True,
                    timeout=90,
                )
            except subprocess.CalledProcessError as error:
                output.seek(0)
                error.add_note(output.read().decode(errors="replace"))
                raise
            finally:
                Path(output.name).unlink()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def recreate(server_url: URL, name: str, *, template: str | None = None) -> URL:
    """Make an empty database, or a copy of `template`, in place of one of that name."""
    with _connect(server_url) as connection:
        _drop(connection, name)
        create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            create += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        connection.execute(create)
    return server_url.set(database=name)


def drop(server_url: URL, name: str) -> None:
    """Remove a database and whoever is still connected to it."""
    with _connect(server_url) as connection:
        _drop(connection, name)


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


def _connect(server_url: URL) -> psycopg.Connection:
    plain = server_url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)
