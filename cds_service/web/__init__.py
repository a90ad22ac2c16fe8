"""The pages of the service: the workbench, the rules, the feedback and how to connect.

| address | what it is |
|---|---|
| `GET /` | the workbench; `?fixture=…&hook=…&plannedAt=…` is answered on the server, and holds no patient data |
| `POST /workbench/run` | the same for the page's script, as JSON (see `views.Views.run`) |
| `GET /rules?q=…`, `GET /rules/<id>` | the catalogue with its search, and the page of each rule |
| `GET /feedback?from=…&to=…&rule=…&sort=…` | how cards were received, by rule, reason and time; for clients only, if any is configured |
| `GET /feedback.csv?from=…&to=…&rule=…` | what that page is counted from |
| `GET /connect` | how a client is connected, with a test of the connection that runs in the browser |
| `GET /static/…` | styles, scripts and pictures |

A page holds neither script nor style in its text, and its browser is told to load nothing from elsewhere; the test of a
connection alone may call another service. No text of a chart is logged or put into an address.
"""

from flask import Blueprint, Flask, Response, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from cds_service import __version__
from cds_service.findings.date_style import in_words
from cds_service.web import html, labels
from cds_service.web.context import PageContext
from cds_service.web.timeline.scale import Clock
from cds_service.web.views import FEEDBACK_PAGE, Views

__all__ = ["FEEDBACK_PAGE", "NAME", "PageContext", "register"]

NAME = "web"
"""The blueprint of the pages."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {reach}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def register(app: Flask, context: PageContext) -> None:
    """Adds the pages to an application."""
    views = Views(context)
    pages = Blueprint(NAME, __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    pages.add_url_rule("/", "workbench", views.workbench)
    pages.add_url_rule("/workbench/run", "run", views.run, methods=["POST"])
    pages.add_url_rule("/rules", "rules", views.catalogue)
    pages.add_url_rule("/rules/<identifier>", "rule", views.rule)
    pages.add_url_rule(FEEDBACK_PAGE, "feedback", views.feedback)
    pages.add_url_rule(f"{FEEDBACK_PAGE}.csv", "feedback_csv", views.feedback_csv)
    pages.add_url_rule("/connect", "connect", views.connect)
    pages.register_error_handler(HTTPException, views.refused)
    pages.after_request(_guarded)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        "markdown": html.markdown,
        "dated": html.dated,
        "in_words": in_words,
        "number": html.number,
        "json_text": html.json_text,
    }
    app.jinja_env.globals |= {
        "words": labels,
        "version": __version__,
        "knowledge": context.site.know.version,
        "moment": Clock(context.site.manner.zone).time,
    }
    app.register_blueprint(pages)


def _guarded(response: Response) -> Response:
    """Nothing is loaded from elsewhere, nothing is told to other sites, and what was asked is not kept by the browser."""
    reach = "'self' http: https:" if request.endpoint == f"{NAME}.connect" else "'self'"
    response.headers["Content-Security-Policy"] = _POLICY.format(reach=reach)
    response.headers["Referrer-Policy"] = "no-referrer"
    if response.mimetype in ("text/html", "application/json", "text/csv"):
        response.headers["Cache-Control"] = "no-store"
    return response
