"""The HTTP edge: routes, status codes, CORS, the size limit and the clock; it knows nothing clinical."""

import gc
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from flask import Flask

from cds_service import logs, service, web
from cds_service.app.routes import Respond, Routes
from cds_service.hooks import LISTINGS
from cds_service.settings import Settings, load

__all__ = ["Respond", "application", "create_app", "settle"]


def _now() -> datetime:
    return datetime.now(UTC)


def application() -> Flask:
    """The application of a server process, with settings from its environment."""
    app = create_app(load())
    settle()
    return app


def settle() -> None:
    """What start left behind is never garbage; walking it again and again was measured as pauses of 13 ms and more."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def create_app(
    settings: Settings | None = None, respond: Respond | None = None, *, now: Callable[[], datetime] = _now
) -> Flask:
    """The WSGI application; `respond` does the clinical work, by default ours.

    Raises SettingsError or KnowledgeError if it must not start.
    """
    settings = settings or load()
    logs.log_by_default()
    service.warm_up()
    routes = Routes(settings, respond or service.respond, now)
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    _add_services(app, routes)
    app.add_url_rule("/health", view_func=routes.health)
    app.add_url_rule("/health/live", view_func=routes.live)
    app.add_url_rule("/health/ready", view_func=routes.health, endpoint="ready")
    app.add_url_rule("/metrics", view_func=routes.measurements)
    app.add_url_rule("/openapi.json", view_func=routes.describe)
    if settings.serves_pages:
        web.register(app, routes.pages())
    app.before_request(routes.begin)
    app.after_request(routes.end)
    app.register_error_handler(Exception, routes.fail)
    return app


def _add_services(app: Flask, routes: Routes) -> None:
    """Every listing and each service that it may list, at fixed addresses: log and metrics name the route by them."""
    for listing in LISTINGS:
        app.add_url_rule(listing.path, listing.path, partial(routes.discover, listing))
        for listed in listing.services():
            for path, view in (listed.path, routes.call), (listed.feedback, routes.receive_feedback):
                app.add_url_rule(path, path, partial(view, listed), methods=["POST"])
