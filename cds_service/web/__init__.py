"""The pages of the service: the workbench, the rules, the feedback and how to connect.

| address | what it is |
|---|---|
| `GET /` | the workbench; `?fixture=…&hook=…&plannedAt=…` is answered on the server, and holds no patient data |
| `POST /workbench/run` | the same for the page's script, as JSON (see `views.Views.run`) |
| `GET /rules?q=…`, `GET /rules/<id>` | the catalogue with its search, and the page of each rule |
| `GET /static/…` | styles, scripts and pictures |

A page holds neither script nor style in its text, and its browser is told to load nothing from elsewhere. No text of a chart
is logged or put into an address.
"""

from flask import Blueprint, Flask, Response
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from cds_service import __version__
from cds_service.web import html, words
from cds_service.web.context import Context
from cds_service.web.views import Views

__all__ = ["Context", "register"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def register(app: Flask, context: Context) -> None:
    """Adds the pages to an application."""
    views = Views(context)
    pages = Blueprint("web", __name__, template_folder="templates", static_folder="static", static_url_path="/static")
    pages.add_url_rule("/", "workbench", views.workbench)
    pages.add_url_rule("/workbench/run", "run", views.run, methods=["POST"])
    pages.add_url_rule("/rules", "rules", views.catalogue)
    pages.add_url_rule("/rules/<identifier>", "rule", views.rule)
    pages.register_error_handler(HTTPException, views.refused)
    pages.after_request(_guarded)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {
        "markdown": html.markdown,
        "dated": html.dated,
        "number": html.number,
        "json_text": html.json_text,
    }
    app.jinja_env.globals |= {
        "words": words,
        "version": __version__,
        "knowledge": context.site.know.version,
        "moment": lambda when: html.moment(when, context.site.manner.zone),
    }
    app.register_blueprint(pages)


def _guarded(response: Response) -> Response:
    """Nothing is loaded from elsewhere, nothing is told to other sites, and what was asked is not kept by the browser."""
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    if response.mimetype in ("text/html", "application/json"):
        response.headers["Cache-Control"] = "no-store"
    return response
