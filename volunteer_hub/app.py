"""Build the application: settings, extensions, blueprints."""

from __future__ import annotations

from flask import Flask
from flask_compress import Compress
from flask_login import LoginManager
from flask_migrate import Migrate
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from volunteer_hub import cli
from volunteer_hub.accounts import display_views
from volunteer_hub.accounts import queries as accounts
from volunteer_hub.accounts import views as accounts_views
from volunteer_hub.attendance import views as attendance_views
from volunteer_hub.certificates import views as certificates_views
from volunteer_hub.console import views as console_views
from volunteer_hub.core import db as database
from volunteer_hub.core import gate, health, i18n, limits, refusals, web
from volunteer_hub.core.config import ROOT, Settings, read_settings
from volunteer_hub.core.db import db
from volunteer_hub.core.permissions import Actor, Visitor
from volunteer_hub.hours import views as hours_views
from volunteer_hub.matching import views as matching_views
from volunteer_hub.notifications import views as notifications_views
from volunteer_hub.reports import office_views
from volunteer_hub.reports import views as reports_views
from volunteer_hub.shifts import views as shifts_views
from volunteer_hub.volunteer import views as volunteer_views

MEGABYTE = 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; raises BadSettings when the environment is unsafe."""
    settings = settings or read_settings()
    (ROOT / "instance").mkdir(exist_ok=True)
    app = Flask(
        "volunteer_hub",
        root_path=str(ROOT / "volunteer_hub"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(ROOT / "instance"),
    )
    app.config.from_mapping(_config(settings))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["site_name"] = settings.site_name

    database.init_app(app)
    Migrate(
        app,
        db,
        directory=str(ROOT / "volunteer_hub" / "migrations"),
        render_as_batch=True,
    )
    _sign_in(app)
    # First of all that look at a request, so that refusals speak the reader's language too.
    i18n.init_app(app)
    Compress(app)
    limits.init_app(app, settings.redis_url)
    web.init_app(app)
    gate.init_app(app)
    refusals.init_app(app)
    for module in (
        health,
        accounts_views,
        display_views,
        notifications_views,
        shifts_views,
        attendance_views,
        hours_views,
        certificates_views,
        matching_views,
        reports_views,
        office_views,
        console_views,
        volunteer_views,
    ):
        app.register_blueprint(module.bp)
    cli.init_app(app)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(ROOT / "static"),
        prefix="static/",
        add_headers_function=_immutable,
    )
    if settings.proxies:
        # Addresses that a proxy of ours adds, and none that a reader makes up.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0
        )
    return app


def _config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": database.engine_options(settings.database_url),
        "MAX_CONTENT_LENGTH": 6 * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": 2 * MEGABYTE,
        "MAX_FORM_PARTS": 2000,
        "SESSION_COOKIE_NAME": "__Host-session" if settings.production else "session",
        "SESSION_COOKIE_SECURE": settings.production,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 30 * 24 * 3600,
        "SESSION_REFRESH_EACH_REQUEST": False,
        # core.gate asks for the token itself, of unsafe requests only.
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "COMPRESS_MIMETYPES": [
            "text/html",
            "text/csv",
            "application/json",
            "text/calendar",
        ],
        "COMPRESS_ALGORITHM": ["gzip"],
        "HUB_CACHE": settings.cache,
        "HUB_DEMO": settings.demo,
        "HUB_LATE_ENTRY_DAYS": settings.late_entry_days,
        "HUB_HTMX_URL": settings.htmx_url,
        "HUB_MAIL_FROM": settings.mail_from,
        "HUB_PRODUCTION": settings.production,
        "HUB_SMTP_URL": settings.smtp_url,
        "HUB_TIMEZONE": settings.timezone,
        "HUB_URL": settings.public_url,
    }


def _sign_in(app: Flask) -> None:
    manager = LoginManager(app)
    manager.anonymous_user = Visitor
    manager.session_protection = None

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(cookie_id: str) -> Actor | None:
        return accounts.load_actor(db.session(), cookie_id)


def _immutable(headers: dict[str, str], _path: str, _url: str) -> None:
    # Addresses of static files carry a digest of their content (core.web).
    headers["Cache-Control"] = f"public, max-age={web.YEAR_SECONDS}, immutable"
    headers["X-Content-Type-Options"] = "nosniff"
