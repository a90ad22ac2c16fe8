"""The HTTP edge: routes, status codes, CORS, the size limit and the clock; it knows nothing clinical."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from cds_service.app.routes import Clinical, Respond, Routes
from cds_service.errors import SettingsError
from cds_service.hooks import SERVICE_ID
from cds_service.settings import Settings

__all__ = ["Clinical", "Respond", "create_app"]


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings, respond: Respond, clinical: Clinical, *, now: Callable[[], datetime] = _now
) -> Flask:
    """The WSGI application. `respond` does the clinical work, `clinical` is what discovery says of it."""
    if settings.clients:
        raise SettingsError("clients are configured, but tokens cannot be checked yet: nobody could be let in")
    routes = Routes(settings, respond, clinical, now)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    service = f"/cds-services/{SERVICE_ID}"
    app.add_url_rule("/cds-services", view_func=routes.discover)
    app.add_url_rule(service, view_func=routes.call, methods=["POST"])
    app.add_url_rule(f"{service}/feedback", view_func=routes.receive_feedback, methods=["POST"])
    app.add_url_rule("/health", view_func=routes.health)
    app.add_url_rule("/health/live", view_func=routes.live)
    app.add_url_rule("/health/ready", view_func=routes.health, endpoint="ready")
    app.add_url_rule("/metrics", view_func=routes.measurements)
    app.before_request(routes.begin)
    app.after_request(routes.end)
    app.register_error_handler(Exception, routes.fail)
    return app
