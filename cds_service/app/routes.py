"""What each address of the service does; nothing clinical is known here."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from uuid import uuid4

import msgspec
import structlog
from flask import Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from cds_service import __version__, observe
from cds_service.app import answers, openapi
from cds_service.errors import RequestError, StoreUnavailable
from cds_service.feedback.record import read_feedback
from cds_service.feedback.shown import ShownRecorder
from cds_service.hooks import SERVICE_ID, HookRequest, discovery, read_request
from cds_service.prefetch import templates
from cds_service.service import Response as Answer
from cds_service.service import Site
from cds_service.settings import Settings
from cds_service.store.database import Database
from cds_service.store.ledger import add_feedback, add_showings
from cds_service.store.records import Showing, ShownCard, identity

_RETRY_AFTER = 30  # seconds
_CHUNK = 1_000_000  # bytes
log = structlog.get_logger()


Respond = Callable[[HookRequest, datetime], Answer]


class Routes:
    """What the routes share: the settings, the database, the recorder of shown cards and the metrics."""

    def __init__(self, settings: Settings, site: Site, respond: Respond, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._respond = respond
        self._now = now
        self._knowledge = site.know.version
        self._metrics = observe.Metrics(shared=settings.workers > 1)
        self._database = Database(settings.database_url)
        self._recorder = ShownRecorder(partial(add_showings, self._database), self._lost)
        document = discovery(settings.active_hooks, templates(site.rules, site.know), site.know.version)
        self._discovery = msgspec.json.encode(document)
        self._openapi = msgspec.json.encode(openapi.document(settings.base_url, settings.active_hooks))
        self._tag = sha256(self._discovery).hexdigest()[:32]

    def discover(self) -> Response:
        """What is offered; a client that has it already is told so."""
        response = Response(self._discovery, content_type=answers.JSON, headers={"Cache-Control": "no-cache"})
        response.set_etag(self._tag)
        response.make_conditional(request)
        return response

    def call(self) -> Response:
        """One hook call: its cards."""
        asked = read_request(self._body(), self._settings.active_hooks)
        g.instance, g.hook = asked.instance, asked.hook.value
        # Only a laptop without clients may move the clock.
        asked = asked if self._settings.on_loopback else asked.at_own_time()
        now = self._now()
        answer = self._respond(asked, now)
        g.seconds = dict(answer.timings)
        self._show(asked, answer.shown, now)
        return answers.json(answer.body, headers={"Cache-Control": "no-store"})

    def receive_feedback(self) -> Response:
        """Feedback, on the disk before it is acknowledged."""
        entries = read_feedback(self._body(), self._now(), keep_comments=self._settings.keep_comments)
        add_feedback(self._database, entries)
        for entry in entries:
            self._metrics.feedback(entry.outcome.value)
        return answers.json({})

    def live(self) -> Response:
        """The process answers."""
        return answers.json({"status": "ok"})

    def health(self) -> Response:
        """Cards are served. Without the database they still are: feedback waits, which is said."""
        store = self._store_state()
        status = "ok" if store == "ok" else "degraded"
        return answers.json({"status": status, "version": __version__, "knowledge": self._knowledge, "feedback": store})

    def measurements(self) -> Response:
        """The metrics."""
        return Response(self._metrics.exposition(), content_type=observe.CONTENT_TYPE)

    def describe(self) -> Response:
        """The OpenAPI document."""
        return Response(self._openapi, content_type=answers.JSON)

    def begin(self) -> Response | None:
        """Starts the watch and answers a browser's preflight, which carries no token."""
        g.started = time.perf_counter()
        g.id = uuid4().hex
        return Response(status=204) if request.method == "OPTIONS" else None

    def end(self, response: Response) -> Response:
        """Headers that every answer carries, and the line in the log."""
        answers.allow_origin(request, response, self._settings)
        response.headers["X-Request-Id"] = g.id
        response.headers["X-Content-Type-Options"] = "nosniff"
        seconds = time.perf_counter() - g.started
        route = str(request.url_rule) if request.url_rule else "none"
        stages = g.get("seconds", {})
        self._metrics.request(route, response.status_code, seconds)
        self._metrics.stages(stages)
        log.info(
            "answered",
            request=g.id,
            method=request.method,
            route=route,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 2),
            hook=g.get("hook", ""),
            stages={stage: round(taken * 1000, 2) for stage, taken in stages.items()},
        )
        return response

    def fail(self, error: Exception) -> Response:
        """Any error as an OperationOutcome; the text of an unexpected one is kept from log and caller."""
        if isinstance(error, RequestError):
            return answers.refusal(error.status, error.says, code=error.code, element=error.expression)
        if isinstance(error, HTTPException):
            status = error.code or 500
            headers = (
                {"Allow": ", ".join(sorted(allowed))} if (allowed := getattr(error, "valid_methods", None)) else {}
            )
            return answers.refusal(status, answers.SAYS.get(status, error.name), headers=headers)
        if isinstance(error, StoreUnavailable):
            log.error("store unavailable", request=g.id, says=str(error))
            headers = {"Retry-After": str(_RETRY_AFTER)}
            return answers.refusal(503, "Feedback cannot be kept now; please send it again later", headers=headers)
        log.error("failed", request=g.id, error=error)
        return answers.refusal(500, f"The service failed; its log says why under {g.id}", code="exception")

    def _body(self) -> bytes:
        """All that was sent. Raises RequestError if it is too large or was cut short.

        Read from the server itself: Flask cuts a body of unknown length at the limit in silence, and copies one of known
        length twice.
        """
        stream, told = request.environ["wsgi.input"], request.content_length
        limit = self._settings.body_limit
        length = told if told is not None else limit + 1 if request.environ.get("wsgi.input_terminated") else 0
        body: bytes = stream.read(min(length, limit + 1))
        if len(body) > limit:
            # A client that is still sending would see a broken connection instead of the answer.
            for _ in range(limit // _CHUNK + 1):
                if not stream.read(min(_CHUNK, length)):
                    break
            raise RequestEntityTooLarge
        if len(body) < (told or 0):
            raise RequestError("The body ended early", code="structure")
        return body

    def _show(self, asked: HookRequest, cards: Sequence[ShownCard], now: datetime) -> None:
        if not cards:
            return
        self._recorder.add(Showing(identity(asked.instance), asked.hook, SERVICE_ID, "", now, tuple(cards)))
        self._metrics.disposition(cards[0].disposition)
        for card in cards:
            self._metrics.card(card.topic, card.indicator, card.rules)

    def _lost(self, number: int) -> None:
        self._metrics.lost(number)
        log.error("shown cards not recorded", number=number)

    def _store_state(self) -> str:
        try:
            return "ok" if self._database.is_current or self._database.is_sqlite else "behind"
        except StoreUnavailable:
            return "unavailable"
