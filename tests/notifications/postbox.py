"""A real SMTP server in a thread of its own, that keeps letters and does as it is told."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

Moment = Callable[[], None]
OK = "250 OK"


def nothing() -> None:
    """Let the moment pass."""


class _Server(SMTP):
    """One connection; tells when it begins and when it is over."""

    def __init__(self, box: Postbox, **settings: Any) -> None:
        super().__init__(box, **settings)
        self.box = box

    def connection_made(self, transport: Any) -> None:
        self.box.on_connect()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.box.on_goodbye()


@dataclass
class Postbox:
    """Where mail arrives; `answers` holds what is said to a recipient, `on_…` what happens when."""

    letters: list[EmailMessage] = field(default_factory=list)
    signed_in: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    on_connect: Moment = nothing
    on_letter: Moment = nothing
    on_goodbye: Moment = nothing
    port: int = 0

    def __enter__(self) -> Postbox:
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            self.loop.create_server(self._serve, "127.0.0.1", 0)
        )
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def _serve(self) -> _Server:
        return _Server(
            self, loop=self.loop, authenticator=self._authenticate, auth_require_tls=False
        )

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _how: str, who: Any
    ) -> Any:
        assert isinstance(who, LoginPassword)
        self.signed_in.append((who.login.decode(), who.password.decode()))
        return AuthResult(success=who.password == b"p@ss/word")

    async def _close(self) -> None:
        self.server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    # What aiosmtpd asks.

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        answer = self.answers.get(address, OK)
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.get("data", OK)
        if answer == OK:
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.on_letter()
        return answer

    # What tests ask.

    @property
    def effects(self) -> set[str]:
        """The keys of what has arrived: a repetition has no effect of its own."""
        return {letter["X-Idempotency-Key"] for letter in self.letters}

    @property
    def arrivals(self) -> Counter[str]:
        """How often each key has arrived."""
        return Counter(letter["X-Idempotency-Key"] for letter in self.letters)

    def message_ids(self, key: str) -> set[str]:
        """The Message-IDs under which this key has arrived."""
        return {one["Message-ID"] for one in self.letters if one["X-Idempotency-Key"] == key}
