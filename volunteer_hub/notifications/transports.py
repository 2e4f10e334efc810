"""The ways out of the house: each channel has a transport that delivers one message or raises."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from volunteer_hub.notifications.services import MAIL

# Waiting at most this long for each answer keeps a whole delivery inside its lease.
TIMEOUT_SECONDS = 10
PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class Message:
    """One message in finished words; `key` is the same with every try."""

    key: str
    to: str
    subject: str
    body: str
    language: str
    written_at: datetime


class Refused(Exception):
    """The other side will never take this message, so trying again is no use."""


class Transport(Protocol):
    """One channel's way out; calls may be repeated with the same `message.key`."""

    def deliver(self, message: Message) -> None:
        """Hand the message over; raises Refused for good, anything else for the moment."""


def from_settings(config: Mapping[str, Any]) -> dict[str, Transport]:
    """Return the transport of each channel that is set up; the others' messages wait."""
    if not config["HUB_SMTP_URL"]:
        return {}
    return {MAIL: SmtpTransport(config["HUB_SMTP_URL"], config["HUB_MAIL_FROM"])}


class SmtpTransport:
    """Mail by SMTP, from one sender; TLS when the server offers it, always with `smtps://`."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self.secure = parts.scheme == "smtps"
        self.host = parts.hostname or ""
        self.port = parts.port or PORTS[parts.scheme]
        self.user = unquote(parts.username or "")
        self.password = unquote(parts.password or "")
        name, self.address = parseaddr(sender)
        self.sender = Address(_one_line(name), addr_spec=self.address)

    def deliver(self, message: Message) -> None:
        """Send one mail over a connection of its own."""
        mail = self._write(message)
        with closing(self._connect()) as server:
            self._sign_in(server)
            try:
                server.send_message(mail, self.address, [_ascii_address(message.to)])
            except smtplib.SMTPRecipientsRefused as error:
                code, answer = next(iter(error.recipients.values()))
                raise _refusal(code, answer) from None
            except smtplib.SMTPDataError as error:
                raise _refusal(error.smtp_code, error.smtp_error) from None
            # The message is theirs now, whatever becomes of the goodbye.
            with suppress(OSError):
                server.quit()

    def _connect(self) -> smtplib.SMTP:
        if self.secure:
            return smtplib.SMTP_SSL(
                self.host,
                self.port,
                timeout=TIMEOUT_SECONDS,
                context=ssl.create_default_context(),
            )
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        encrypted = self.secure
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            encrypted = True
        if self.user:
            if not encrypted and not _is_this_machine(self.host):
                raise ConnectionError("the server offers no TLS, so no password is sent to it")
            server.login(self.user, self.password)

    def _write(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self.sender
        mail["To"] = _ascii_address(message.to)
        mail["Subject"] = _one_line(message.subject)
        mail["Date"] = format_datetime(message.written_at)
        mail["Message-ID"] = f"<{_digest(message.key)}@{_domain(self.address)}>"
        mail["X-Idempotency-Key"] = _one_line(message.key)
        mail["Content-Language"] = message.language
        mail["Auto-Submitted"] = "auto-generated"
        # Every server takes base64; 8bit needs an extension.
        mail.set_content(message.body, cte="base64")
        return mail


def _refusal(code: int, answer: bytes | str) -> Exception:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    sentence = _one_line(f"{code} {text}")
    return Refused(sentence) if code >= 500 else smtplib.SMTPException(sentence)


def _one_line(text: str) -> str:
    """Return the text without line ends and other control characters (trust.md S32)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _ascii_address(address: str) -> str:
    """Return the address with its domain as mail servers write it (例子.中国 → xn--…)."""
    local, _, domain = _one_line(address).rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
