"""Asks the service the visitor's question, as it came and with the changes, and gathers what the page shows of the answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from cds_service.cards.assessment import EXTENSION
from cds_service.errors import RequestError
from cds_service.hook import Hook
from cds_service.hooks import read_request
from cds_service.prefetch import templates
from cds_service.service import Response
from cds_service.web import changes, compare, intake, unread, verdict, what_if, why
from cds_service.web.context import PageContext
from cds_service.web.question import Question
from cds_service.web.timeline import Panel, timeline

MOST_SHOWN = 200_000
"""Characters of a request that a page shows; a longer one is told by its size."""


class ServiceAnswer(Struct, frozen=True):
    """An HTTP status with the body that came with it, and what explains it; a refusal has no response."""

    status: int
    request: dict[str, Any]
    body: Mapping[str, Any]
    response: Response | None = None

    @property
    def assessment(self) -> Mapping[str, Any]:
        """The response's own account of itself, empty where there is none."""
        found: Mapping[str, Any] = self.body.get("extension", {}).get(EXTENSION, {})
        return found


class View(Struct, frozen=True):
    """The answer with everything that the page puts beside it; the parts are None where the answer has no cards.

    `as_of` is the moment at which the chart was judged, by the clock of the site.
    """

    question: Question
    as_of: datetime | None
    answer: ServiceAnswer
    comparison: compare.Comparison | None
    groups: tuple[why.Group, ...]
    levers: what_if.Levers | None
    panels: tuple[Panel, ...]
    verdict: verdict.Verdict | None
    unread: tuple[str, ...]
    intake: str


def view(question: Question, context: PageContext) -> View:
    """The answer to a question, compared with the answer about the unchanged chart if something was changed."""
    before = ask(changes.request(question.unchanged), context)
    after = ask(changes.request(question), context) if question.changes else before
    told, plain = after.response, before.response
    material = told.material if told else None
    compared = (
        compare.comparison(plain, told, before.request, after.request, context.site.manner.zone)
        if plain and told
        else None
    )
    chart = told.chart if told else None
    judged = chart or (plain.chart if plain else None)
    return View(
        question=question,
        as_of=judged.as_of if judged else None,
        answer=after,
        comparison=compared if question.changes else None,
        groups=why.groups(material, templates(context.site.rules, context.site.know)) if material else (),
        levers=what_if.levers(before.request, plain.chart, chart or plain.chart, question, context)
        if plain and plain.chart
        else None,
        panels=timeline(material, chart) if material and chart else (),
        verdict=verdict.verdict(material, chart, after.body["cards"]) if material and chart else None,
        unread=unread.unread(chart, after.request) if chart else (),
        intake=intake.sentence(chart.intake) if chart else "",
    )


def ask(request: dict[str, Any], context: PageContext) -> ServiceAnswer:
    """What the service answers; a refusal as the OperationOutcome that a client would get."""
    try:
        asked = read_request(msgspec.json.encode(request), tuple(Hook))
        response = context.respond(asked, context.now())
    except RequestError as error:
        return ServiceAnswer(error.status, request, error.outcome)
    # Through JSON and back: parts of the body are bytes as they came.
    return ServiceAnswer(200, request, msgspec.json.decode(msgspec.json.encode(response.body)), response)
