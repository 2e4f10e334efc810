"""Unsafe settings do not start."""

from __future__ import annotations

import pytest

from volunteer_hub.core.config import BadSettings, read_settings

STRONG = "kZ3v9Qw1xL7tB5nM2cR8yP4sD6fG0hJa"


@pytest.mark.parametrize(
    "env",
    [
        {"HUB_ENV": "production"},
        {"HUB_ENV": "production", "SECRET_KEY": "short"},
        {"HUB_ENV": "production", "SECRET_KEY": "a" * 40},
        {"HUB_ENV": "production", "SECRET_KEY": "changeme"},
        {"HUB_ENV": "production", "SECRET_KEY": STRONG, "HUB_DEMO": "1"},
        {"HUB_TIMEZONE": "Mars/Olympus"},
        {"HUB_PROXIES": "many"},
        {"HUB_PROXIES": "-1"},
        {"HUB_SMTP_URL": "mail.example.org"},
        {"HUB_SMTP_URL": "smtp://h:port", "HUB_MAIL_FROM": "a@b.cn", "HUB_URL": "https://b.cn"},
        {"HUB_SMTP_URL": "smtp://h", "HUB_URL": "https://b.cn"},
        {"HUB_SMTP_URL": "smtp://h", "HUB_MAIL_FROM": "a@b.cn\nBcc: x", "HUB_URL": "https://b.cn"},
        {"HUB_SMTP_URL": "smtp://h", "HUB_MAIL_FROM": "a@b.cn"},
    ],
)
def test_unsafe_settings_are_refused_with_a_sentence(env, tmp_path):
    with pytest.raises(BadSettings, match=r"\w+ \w+"):
        read_settings(env, tmp_path)


def test_production_starts_with_a_strong_key(tmp_path):
    settings = read_settings({"HUB_ENV": "production", "SECRET_KEY": STRONG}, tmp_path)
    assert settings.production


def test_an_installation_makes_its_own_key_and_keeps_it(tmp_path):
    first, second = read_settings({}, tmp_path), read_settings({}, tmp_path)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 48
    assert (tmp_path / "instance" / "secret_key").stat().st_mode & 0o077 == 0


def test_addresses_of_postgresql_get_our_driver(tmp_path):
    settings = read_settings({"DATABASE_URL": "postgres://a@127.0.0.1/hub"}, tmp_path)
    assert settings.database_url == "postgresql+psycopg://a@127.0.0.1/hub"


@pytest.mark.parametrize(("env", "number"), [({}, 0), ({"HUB_PROXIES": "2"}, 2)])
def test_no_proxy_is_trusted_unless_it_is_said_how_many(tmp_path, env, number):
    assert read_settings(env, tmp_path).proxies == number


def test_mail_needs_a_server_a_sender_and_the_address_of_the_site(tmp_path):
    given = {
        "HUB_SMTP_URL": "smtps://hub:p%40ss@mail.example.org",
        "HUB_MAIL_FROM": "小橙子志愿 <hub@example.org>",
        "HUB_URL": "https://hub.example.org/",
    }
    settings = read_settings(given, tmp_path)
    assert settings.smtp_url == given["HUB_SMTP_URL"]
    assert settings.public_url == "https://hub.example.org"
    assert read_settings({}, tmp_path).smtp_url == ""


def test_a_refused_mail_setting_does_not_print_the_password(tmp_path):
    with pytest.raises(BadSettings) as refusal:
        read_settings({"HUB_SMTP_URL": "ftp://hub:orange-tree@mail.example.org"}, tmp_path)
    assert "orange-tree" not in str(refusal.value)
