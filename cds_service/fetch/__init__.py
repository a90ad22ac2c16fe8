"""Fetches what the EHR did not prefetch from its FHIR server: in parallel and within one deadline."""

import logging
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cds_service.chart import Answer, Section
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.fetch import problem, scopes
from cds_service.fetch.access import Access
from cds_service.fetch.breaker import Breaker
from cds_service.fetch.client import FhirClient, refuse_unusable
from cds_service.fetch.limits import Allowance, Deadline
from cds_service.fetch.origins import Allowed, Reach, origin
from cds_service.fetch.problem import Problem
from cds_service.fetch.search import Errand, Result, collect, joined, stopped, without
from cds_service.fhir.decoding.bundle import Answered

__all__ = ["Access", "Allowed", "Deadline", "Fetcher", "Filled"]

_log = logging.getLogger(__name__)
_MOST_PAGES = 20
_THREADS = 64
_READ_MS, _READ_BYTES = 2000, 2_000_000  # for an address that is read on its own
_GRACE = 0.02  # seconds in which threads that have met the deadline hand over what they have


class Filled(Struct, frozen=True):
    """The answers by section, completed as far as possible, and one word on how each fetch went, for log and metrics."""

    answers: Mapping[Section, Answered]
    outcomes: Mapping[Section, str] = msgspec.field(default_factory=dict)


class Fetcher:
    """Kept for the life of the process: connections, threads and what is known of servers that fail.

    `most_bytes` may be taken in for one answer; `authorities` is a file of certificate authorities to trust instead of the public.
    Raises SettingsError if that cannot be used.
    """

    def __init__(self, most_bytes: int, authorities: Path | None = None, *, most_pages: int = _MOST_PAGES) -> None:
        self._most_bytes = most_bytes
        self._most_pages = most_pages
        if authorities is not None:
            refuse_unusable(authorities)
        self._clients = {reach: FhirClient(reach, _THREADS, authorities) for reach in Reach}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="fetch")
        self._breaker = Breaker()

    def fill(
        self,
        given: Mapping[Section, Answered],
        templates: Mapping[Section, str],
        access: Access,
        allowed: Allowed,
        deadline: Deadline,
    ) -> Filled:
        """`given` with what was omitted fetched and what was cut completed, as far as the deadline allows. Never raises.

        What was given, was empty or failed at the client is not asked for again (R-PFH-05). What does not arrive says why.
        """
        tasks = self._tasks(given, templates, access)
        reach = allowed.reach(access.server)
        refusal = self._refusal(access, reach) if tasks else None
        if not tasks or refusal or not reach:
            refusal = refusal or problem.NOT_LISTED
            refused = {section: without(given.get(section), refusal) for section in tasks}
            return Filled({**given, **refused}, dict.fromkeys(tasks, refusal.outcome))
        errand = Errand(access, self._clients[reach], deadline, Allowance(self._most_bytes), self._most_pages)
        futures = {
            section: self._threads.submit(collect, url, given.get(section), RESOURCE_TYPE[section], errand)
            for section, url in tasks.items()
            if scopes.allows(access.scope, RESOURCE_TYPE[section], search="?" in url)
        }
        wait(futures.values(), timeout=deadline.left + _GRACE)
        results = {section: _result(futures.get(section), given.get(section)) for section in tasks}
        self._judge(origin(access.server), [results[section][1] for section in futures])
        answers = {section: answered for section, (answered, _) in results.items()}
        outcomes = {
            section: why.outcome if why else str(answered.answer) for section, (answered, why) in results.items()
        }
        return Filled({**given, **answers}, outcomes)

    def read(self, url: str) -> bytes:
        """The body at an address that the operator named, such as a client's keys. Raises OSError saying why there is none."""
        limits = Deadline(_READ_MS), Allowance(_READ_BYTES)
        fetched = self._clients[Reach.ANY].get(url, "", *limits)
        if fetched.problem:
            raise OSError(fetched.problem.says)
        return fetched.body

    def close(self) -> None:
        """Lets go of the threads without waiting for servers."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _tasks(
        self, given: Mapping[Section, Answered], templates: Mapping[Section, str], access: Access
    ) -> dict[Section, str]:
        """The address to ask for each section that was omitted, and the next page of each that was cut."""
        base = access.server.rstrip("/") + "/"
        tasks = {}
        for section, template in templates.items():
            answered = given.get(section)
            if answered is None or answered.answer is Answer.OMITTED or answered.is_useless:
                path = _addressed(template, access.context)
                if path:
                    tasks[section] = base + path
            elif answered.next_page:
                tasks[section] = joined(base, answered.next_page)
        return tasks

    def _refusal(self, access: Access, reach: Reach | None) -> Problem | None:
        """Why this server is not called at all."""
        if reach is None:
            return problem.NOT_LISTED
        if access.patient and access.patient != access.context.get("patientId"):
            return problem.ANOTHERS_TOKEN
        return problem.RESTING if self._breaker.is_open(origin(access.server)) else None

    def _judge(self, server: str, problems: Collection[Problem | None]) -> None:
        """Counts one answer, however many searches it took: a patient whose chart is slow must not cost the others theirs."""
        heard = [why for why in problems if why != problem.NO_TIME]
        if heard:
            self._breaker.record(server, ok=not all(why and why.servers_fault for why in heard))


def _result(future: Future[Result] | None, given: Answered | None) -> Result:
    """What a thread came to. One that is late is left to itself: its own time is over too."""
    if future is None:
        return stopped(given, problem.NO_SCOPE)
    if not future.done():
        return stopped(given, problem.NO_TIME if future.cancel() else problem.TOO_LATE)
    error = future.exception()
    if error is None:
        return future.result()
    _log.error("fetch failed", extra={"error": error})
    return stopped(given, problem.OUR_FAULT)


def _addressed(template: str, context: Mapping[str, str]) -> str:
    """The template with its tokens replaced; empty if one has no value that could be an id (R-TOK-07)."""
    path = template
    for name, value in context.items():
        if value.strip("."):
            path = path.replace(f"{{{{context.{name}}}}}", quote(value, safe=""))
    return "" if "{{" in path else path
