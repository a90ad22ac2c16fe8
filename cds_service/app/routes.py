"""What each address of the service does; nothing clinical is known here."""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from math import ceil
from uuid import uuid4

import msgspec
import structlog
from flask import Response, g, request
from msgspec.structs import replace
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException, NotFound, TooManyRequests

from cds_service import __version__, metrics, web
from cds_service.app import answers, audit, openapi
from cds_service.app.body import body, bound, is_compressed
from cds_service.app.callers import ANYONE, Caller, anyone, authenticator, callers
from cds_service.app.records import Records
from cds_service.app.telemetry import Telemetry
from cds_service.cards.overrides import displays
from cds_service.chart import Section
from cds_service.errors import RequestError, StoreUnavailable, Unauthorized
from cds_service.feedback.record import Keeping, read_feedback
from cds_service.fetch import Deadline, Fetcher
from cds_service.hooks import ORIGIN_HEADER, DiscoveryAddress, HookRequest, Service, origin_of, read_request
from cds_service.service import Fill, Site, as_sent
from cds_service.service import Response as Answer
from cds_service.settings import Settings
from cds_service.store.records import CallOrigin, DisplayedCard, Showing, identity
from cds_service.web import examples

_VISIT_MS = 5000
log = structlog.get_logger()


Respond = Callable[[HookRequest, datetime, Site, Fill], Answer]


class Routes:
    """What the routes share: the settings, who may call, the database, the recorder of shown cards and the metrics."""

    def __init__(self, settings: Settings, respond: Respond, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._respond = respond
        self._now = now
        self._telemetry = Telemetry(metrics.Metrics())
        self._records = Records(settings, self._telemetry.lost, now)
        self._callers = callers(settings, self._records.overridden_by)
        self._most_bytes = max(settings.body_limit, *(caller.body_limit for caller in self._callers.values()))
        self._fetcher = Fetcher(settings.body_limit, settings.certificate_authorities)
        self._client_of = authenticator(settings, self._fetcher.read, self._records.spend_token)
        self._keeping = Keeping(displays(), settings.keep_comments)
        self._example = examples.first()
        self._openapi = msgspec.json.encode(openapi.document(settings))

    def discover(self, listing: DiscoveryAddress) -> Response:
        """What is offered; a client that has it already is told so."""
        document, tag = self._admit(listing.path).discovery(listing)
        response = Response(document, content_type=answers.JSON, headers={"Cache-Control": "no-cache, private"})
        response.set_etag(tag)
        response.make_conditional(request)
        return response

    def call(self, service: Service) -> Response:
        """One hook call: its cards."""
        told, started = audit.AuditedCall(g.id, self._now()), g.started
        g.audit = told
        caller = self._admit(service.path)
        hooks = service.answered(caller.hooks)
        if not hooks:
            raise NotFound
        admitted = time.perf_counter() - started
        if wait := caller.pace.take():
            raise TooManyRequests(retry_after=ceil(wait))
        sent = body(request, caller.body_limit)
        deadline = Deadline(caller.deadline_ms - (time.perf_counter() - started) * 1000)
        asked = read_request(sent, hooks, caller.counts)
        told.instance, told.hook, told.sent = asked.instance, asked.hook.value, tuple(asked.prefetch)
        told.origin = origin_of(asked, sent, self._example, self._tool())
        asked = asked if caller.may_set_as_of else asked.at_own_time()
        answer = self._respond(asked, told.at, caller.site, partial(self._fill, caller, deadline))
        g.seconds = {"admit": admitted, **answer.timings}
        self._telemetry.unrecognised(answer.unrecognised)
        if answer.material:
            told.results, told.intake = answer.material.results, answer.material.intake
            self._telemetry.judged(told.results, told.intake)
        if answer.chart and told.origin is CallOrigin.CLIENT:
            lists = {section: answer.chart.is_answered(section) for section in caller.site.lists}
            self._records.note_lists(caller.name, lists, told.at)
        self._show(asked, answer.shown, service, caller, told)
        return answers.json({"cards": []} if caller.shadow else answer.body, headers={"Cache-Control": "no-store"})

    def receive_feedback(self, service: Service) -> Response:
        """Feedback, on the disk before it is acknowledged; its cards may be of any hook, also of one that is off by now."""
        caller = self._admit(service.feedback, service.path)
        sent = body(request, caller.body_limit)
        entries = read_feedback(sent, self._now(), client=caller.name, keeping=self._keeping)
        self._records.add_feedback(entries)
        self._telemetry.feedback(entry.outcome.value for entry in entries)
        return answers.json({})

    def pages(self) -> web.PageContext:
        """What the pages need. What users said about cards is shown, where clients are configured, only to one of them."""
        caller = self._callers.get(ANYONE) or anyone(self._settings)

        def respond(asked: HookRequest, now: datetime) -> Answer:
            """Nothing is counted or recorded; where clients are configured, a visitor is none and nothing is fetched.

            A visitor can wait for a FHIR server longer than a clinician who is ordering; the page says if it took too long for one.
            """
            g.audit = audit.AuditedCall(g.id, now, instance=asked.instance, hook=asked.hook.value)
            open_ = not self._settings.clients
            deadline = Deadline(max(_VISIT_MS, self._settings.deadline_ms))
            fill = partial(self._fill, caller, deadline) if open_ else as_sent
            return self._respond(asked, now, caller.site, fill)

        def admit() -> None:
            self._admit(web.FEEDBACK_PAGE)

        return web.PageContext(self._settings, caller.site, respond, self._now, self._records.database, admit)

    def live(self) -> Response:
        """The process answers."""
        return answers.json({"status": "ok"})

    def health(self) -> Response:
        """Cards are served. Without the database they still are: feedback waits, which is said."""
        store = self._records.state()
        status = "ok" if store == "ok" else "degraded"
        known = next(iter(self._callers.values())).site.know.version
        return answers.json({"status": status, "version": __version__, "knowledge": known, "feedback": store})

    def measurements(self) -> Response:
        """The metrics."""
        return Response(self._telemetry.exposition(), content_type=metrics.CONTENT_TYPE)

    def describe(self) -> Response:
        """The OpenAPI document."""
        return Response(self._openapi, content_type=answers.JSON)

    def begin(self) -> Response | None:
        """Starts the watch, limits what may be sent and how, and answers a browser's preflight, which carries no token."""
        g.started = time.perf_counter()
        g.id = uuid4().hex
        clear_contextvars()
        bind_contextvars(request=g.id)
        bound(request, self._most_bytes)
        self._records.keep_to_retention()
        if is_compressed(request):
            return answers.refusal(415, answers.SAYS[415])
        return Response(status=204) if request.method == "OPTIONS" else None

    def end(self, response: Response) -> Response:
        """Headers that every answer carries, and the line in the log."""
        if request.blueprint != web.NAME:  # pages are for people who open them, not for scripts of other pages
            answers.allow_origin(request, response, self._settings)
        response.headers["X-Request-Id"] = g.id
        response.headers["X-Content-Type-Options"] = "nosniff"
        route = str(request.url_rule) if request.url_rule else "none"
        seconds = time.perf_counter() - g.started
        self._telemetry.answered(
            request.method, route, response.status_code, seconds, g.get("seconds", {}), g.get("audit")
        )
        return response

    def fail(self, error: Exception) -> Response:
        """Any error as an OperationOutcome; the text of an unexpected one is kept from log and caller."""
        if isinstance(error, RequestError):
            return answers.refusal(error.status, error.says, code=error.code, element=error.expression)
        if isinstance(error, Unauthorized):
            return answers.refusal(401, answers.SAYS[401], headers={"WWW-Authenticate": "Bearer"})
        if isinstance(error, HTTPException):
            status = error.code or 500
            headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
            return answers.refusal(status, answers.SAYS.get(status, error.name), headers=headers)
        if isinstance(error, StoreUnavailable):
            log.error("store unavailable", says=str(error))
            headers = {"Retry-After": str(error.RETRY_AFTER)}
            says = "Feedback can be neither kept nor read now; please try again later"
            return answers.refusal(503, says, headers=headers)
        log.error("failed", error=error)
        return answers.refusal(500, f"The service failed; its log says why under {g.id}", code="exception")

    def _admit(self, *paths: str) -> Caller:
        """Who calls; a token must be meant for one of the paths. Raises Unauthorized."""
        if self._client_of is None:
            return self._callers[ANYONE]
        meant = [self._settings.base_url + path for path in paths]
        try:
            client = self._client_of(request.headers.get("Authorization", ""), meant, self._now())
        except Unauthorized as error:
            log.warning("not let in", reason=error.reason, issuer=error.issuer)
            raise
        if "audit" in g:
            g.audit.client = client.name
        return self._callers[client.issuer]

    def _tool(self) -> str:
        """Which of our own tools says that it calls. Where clients are configured nobody is asked: they could hide what they show."""
        return "" if self._client_of else request.headers.get(ORIGIN_HEADER, "")

    def _fill(
        self, caller: Caller, deadline: Deadline, asked: HookRequest, sections: Collection[Section]
    ) -> HookRequest:
        """The call with those sections completed from the client's FHIR server, where one may be asked."""
        access = caller.access(asked)
        if access is None:
            return asked
        searches = {section: caller.searches[section] for section in sections}
        filled = self._fetcher.fill(asked.prefetch, searches, access, caller.allowed, deadline)
        g.audit.fetched |= filled.outcomes
        self._telemetry.fetched(filled.outcomes.values())
        return replace(asked, prefetch=filled.answers)

    def _show(
        self,
        asked: HookRequest,
        cards: Sequence[DisplayedCard],
        service: Service,
        caller: Caller,
        told: audit.AuditedCall,
    ) -> None:
        """Counts the cards if they are a client's, and records them, with their origin, unless they are not sent."""
        if told.origin is CallOrigin.CLIENT:
            self._telemetry.displayed(cards, shadow=caller.shadow)
        if cards and not caller.shadow:
            told.cards = cards
            instance = identity(asked.instance)
            showing = Showing(instance, asked.hook, service.id, caller.name, told.at, tuple(cards), told.origin)
            self._records.show(showing)
