"""What each address of the pages does: reads what was asked, and fills a template."""

from collections.abc import Callable
from datetime import UTC, date
from functools import partial
from io import StringIO
from typing import Any

import msgspec
import structlog
from flask import Response, make_response, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge

from cds_service import unanswered_lists
from cds_service.errors import RequestError, StoreUnavailable, Unauthorized
from cds_service.feedback.summarise import write_tallies
from cds_service.hook import Hook
from cds_service.hooks import SERVICE_ID
from cds_service.web import connect, examples, feedback, html, rules, what_if, why
from cds_service.web.answer import MOST_SHOWN, View, view
from cds_service.web.charts import shade
from cds_service.web.context import PageContext
from cds_service.web.feedback import Period
from cds_service.web.question import Question, from_body, from_query

_JSON = "application/json"
_HTML = "text/html"
FEEDBACK_PAGE = "/feedback"
_FOR_LISTS = 1.0  # seconds that the page at /connect waits for the database
log = structlog.get_logger()


class Views:
    """The addresses of the pages."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._know = context.site.know
        self._rules = {rule.id: rule for rule in context.site.rules}

    def workbench(self) -> str | tuple[str, int]:
        """The workbench with the example that the address names, answered."""
        try:
            question = from_query(request.args.items(multi=True), self._know, self._context.site.manner.zone)
            shown = view(question, self._context)
        except RequestError as error:
            return self._page(None, error), error.status
        return self._page(shown)

    def run(self) -> Response:
        """Answers what the page's script sends.

        Takes an object with one of `fixture` (a name), `pasted` (a hook request, a resource, a Bundle, or a list of resources, or a
        text that holds one of these as JSON; `complete` says that they are the whole chart), or `server` and `patient`; and, each
        optional, `hook`, `asOf`, `instance` (the hookInstance), `plannedAt`, `without` (a list of prefetch keys), `values` and
        `doses` (by reference), `actions` (of suggestions taken). Gives `status`, `request` and `response` as they went over the
        wire, and `html`, the part of the page that shows them.
        """
        sent = _sent()
        try:
            question = from_body(_members(sent), self._know, self._context.site.manner.zone)
            shown = view(question, self._context)
        except RequestError as error:
            told = {"status": error.status, "html": self._joined(None, error)}
        else:
            answer = shown.answer
            told = {
                "status": answer.status,
                "request": answer.request,
                "response": answer.body,
                "html": self._joined(shown),
            }
        return Response(msgspec.json.encode(told), content_type=_JSON)

    def catalogue(self) -> str:
        """The rules, or those that hold the words searched for."""
        query = request.args.get("q", "")
        return render_template(
            "rules.html",
            themes=rules.catalogue(self._rules.values(), self._know, query),
            haystack=lambda rule: rules.haystack(rule, self._know),
            query=query,
            total=len(self._rules),
        )

    def rule(self, identifier: str) -> str:
        """One rule."""
        if identifier not in self._rules:
            raise NotFound(f"There is no rule named {identifier}")
        return render_template("rule.html", page=rules.page(self._rules[identifier], self._know))

    def feedback(self) -> Response:
        """How the cards of a period were received."""

        def answer(asked: Period, today: date) -> Response:
            shown = feedback.page(asked, self._rules, self._context.database, today)
            return make_response(
                render_template("feedback.html", page=shown, feedback=feedback, rules=self._rules, shade=shade)
            )

        return self._read_feedback(answer, as_page=True)

    def feedback_csv(self) -> Response:
        """What the page is counted from; a refusal is an OperationOutcome, unless somebody opened the address in a browser."""

        def answer(asked: Period, _today: date) -> Response:
            target = StringIO()
            write_tallies(feedback.counted(asked, self._context.database), target)
            name = f"feedback-{asked.first or 'all'}-to-{asked.last}.csv"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(target.getvalue(), headers=headers, content_type="text/csv; charset=utf-8")

        return self._read_feedback(answer, as_page=_HTML in request.headers.get("Accept", ""))

    def connect(self) -> str:
        """How a client is connected."""
        settings, database = self._context.settings, self._context.database
        try:
            unanswered = database.within(_FOR_LISTS, partial(unanswered_lists.sentences, settings, database))
        except StoreUnavailable:
            unanswered = ()  # the page serves its purpose without them
        return render_template("connect.html", page=connect.page(settings, self._context.site, unanswered))

    @staticmethod
    def refused(error: HTTPException) -> tuple[str, int]:
        """A page for an address that leads nowhere."""
        return render_template("error.html", error=error), error.code or 500

    def _read_feedback(self, answer: Callable[[Period, date], Response], *, as_page: bool) -> Response:
        """What `answer` makes of the period asked for; as a page also why there is nothing to read."""
        today = self._context.now().astimezone(UTC).date()
        try:
            self._context.admit()
            return answer(feedback.asked(request.args, today), today)
        except (RequestError, StoreUnavailable, Unauthorized) as error:
            if not as_page:
                raise
            return self._unread(error)

    def _unread(self, error: RequestError | StoreUnavailable | Unauthorized) -> Response:
        if isinstance(error, Unauthorized):
            audience = self._context.settings.base_url + FEEDBACK_PAGE
            page = render_template("locked.html", audience=audience)
            return Response(page, 401, {"WWW-Authenticate": "Bearer"}, content_type=_HTML)
        if isinstance(error, RequestError):
            told = {"name": "This period cannot be shown", "description": error.says}
            return Response(render_template("error.html", error=told), error.status, content_type=_HTML)
        log.error("store unavailable", says=str(error))
        headers = {"Retry-After": str(error.RETRY_AFTER)}
        return Response(render_template("feedback_unavailable.html"), 503, headers, content_type=_HTML)

    def _page(self, shown: View | None, error: RequestError | None = None) -> str:
        return render_template(
            "workbench.html",
            parts=self._parts(shown, error),
            question=shown.question if shown else Question({}),
            as_of=what_if.form_time(shown.question.as_of, self._context.site.manner.zone)
            if shown and shown.question.as_of
            else "",
            requests={name: examples.title(name) for name in examples.requests()},
            example=examples.title(shown.question.fixture) if shown and shown.question.fixture else "",
            hooks=tuple(Hook),
            servers=None if self._context.settings.clients else self._context.settings.fhir_origins,
        )

    def _parts(self, shown: View | None, error: RequestError | None = None) -> dict[str, Markup]:
        """The parts of the page that follow from the question: what can be changed, and the answer."""
        material = shown.answer.response.material if shown and shown.answer.response else None
        given = {
            "view": shown,
            "error": error,
            "material": material,
            "counts": why.counts(material) if material else {},
            "as_of": shown.as_of if shown else None,
            "most_shown": MOST_SHOWN,
            "deadline": self._context.settings.deadline_ms,
            "service": SERVICE_ID,
        }
        return {name: html.markup(render_template(f"_{name}.html", **given)) for name in ("what_if", "result")}

    def _joined(self, shown: View | None, error: RequestError | None = None) -> str:
        return "\n".join(self._parts(shown, error).values())


def _sent() -> bytes:
    """The body. Raises RequestError, which the page's script reads as an OperationOutcome, if it is too large."""
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise RequestError("This is larger than the service accepts", status=413, code="too-long") from None


def _members(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise RequestError("The body is not JSON", code="structure") from None
    if not isinstance(value, dict):
        raise RequestError("The body is JSON, but not an object", code="structure")
    return value
