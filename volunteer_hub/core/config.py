"""Settings, read once from the environment (names: see the README)."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parents[2]
HTMX_URL = "https://cdn.jsdelivr.net/npm/htmx.org@2.0.11/dist/htmx.min.js"
SAMPLE_KEYS = frozenset({"changeme", "secret", "dev", "development", "test", "password"})


class BadSettings(SystemExit):
    """A setting that would make the site unsafe or unusable; the process does not start."""


@dataclass(frozen=True)
class Settings:
    """What the environment decides."""

    database_url: str
    secret_key: str
    site_name: str
    timezone: str
    htmx_url: str
    demo: bool
    production: bool
    redis_url: str
    cache: bool = True
    proxies: int = 0
    smtp_url: str = ""
    mail_from: str = ""
    public_url: str = ""
    late_entry_days: int = 60


def read_settings(env: Mapping[str, str] = os.environ, root: Path = ROOT) -> Settings:
    """Return the settings; raises BadSettings with a plain sentence when they are unsafe."""
    production = env.get("HUB_ENV", "") == "production"
    demo = env.get("HUB_DEMO", "") == "1"
    if production and demo:
        raise BadSettings("HUB_DEMO=1 cannot be used with HUB_ENV=production.")
    timezone = env.get("HUB_TIMEZONE") or "Asia/Shanghai"
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadSettings(f"HUB_TIMEZONE={timezone!r} is not a known time zone.") from None
    return Settings(
        database_url=_database_url(env.get("DATABASE_URL", ""), root),
        secret_key=_secret_key(env.get("SECRET_KEY", ""), root, production=production),
        site_name=env.get("SITE_NAME") or "小橙子志愿",
        timezone=timezone,
        htmx_url=env.get("HUB_HTMX_URL", HTMX_URL),
        demo=demo,
        production=production,
        redis_url=env.get("REDIS_URL", ""),
        proxies=_proxies(env.get("HUB_PROXIES") or "0"),
        cache=env.get("HUB_CACHE", "1") != "0",
        late_entry_days=_days(env.get("HUB_LATE_ENTRY_DAYS") or "60"),
        **_mail(env),
    )


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 366):
        raise BadSettings(f"HUB_LATE_ENTRY_DAYS={text!r} is no number of days from 1 to 366.")
    return int(text)


def _mail(env: Mapping[str, str]) -> dict[str, str]:
    """Return how mail leaves: all three settings or, when none is sent, whatever is given."""
    mail = {
        "smtp_url": env.get("HUB_SMTP_URL", ""),
        "mail_from": env.get("HUB_MAIL_FROM", ""),
        "public_url": env.get("HUB_URL", "").rstrip("/"),
    }
    if not mail["smtp_url"]:
        return mail
    if not _is_address(mail["smtp_url"], ("smtp", "smtps")):
        # Without the value: it holds a password.
        raise BadSettings("HUB_SMTP_URL is no address such as smtp://user:password@host:587.")
    sender = parseaddr(mail["mail_from"])[1]
    if "@" not in sender or re.search(r"[\r\n]", mail["mail_from"]):
        raise BadSettings("HUB_SMTP_URL needs HUB_MAIL_FROM, the address that mail comes from.")
    if not _is_address(mail["public_url"], ("http", "https")):
        raise BadSettings("HUB_SMTP_URL needs HUB_URL, such as https://hub.example.org, for links.")
    return mail


def _is_address(typed: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(typed)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _proxies(typed: str) -> int:
    if not re.fullmatch(r"\d", typed, re.ASCII):
        raise BadSettings(f"HUB_PROXIES={typed!r} is no number from 0 to 9.")
    return int(typed)


def _database_url(url: str, root: Path) -> str:
    if not url:
        return f"sqlite:///{root / 'instance' / 'hub.db'}"
    for short in ("postgres://", "postgresql://"):
        if url.startswith(short):
            return "postgresql+psycopg://" + url.removeprefix(short)
    return url


def _secret_key(key: str, root: Path, *, production: bool) -> str:
    weak = len(key) < 32 or key.lower() in SAMPLE_KEYS or len(set(key)) < 8
    if production and weak:
        raise BadSettings("Production needs a SECRET_KEY of at least 32 random characters.")
    return key or _own_key(root / "instance" / "secret_key")


def _own_key(path: Path) -> str:
    """Return this installation's own random key, made at first use and readable by its owner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return path.read_text().strip()
