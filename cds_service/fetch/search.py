"""One search at a FHIR server, page by page, added to what was there before."""

from urllib.parse import urljoin

from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.chart import Answer
from cds_service.fetch import problem
from cds_service.fetch.access import Access
from cds_service.fetch.client import Fetched, FhirClient
from cds_service.fetch.limits import Allowance, Deadline
from cds_service.fetch.origins import origin
from cds_service.fetch.problem import Problem
from cds_service.fhir.decoding.bundle import Answered, open_fetched


class Errand(Struct, frozen=True):
    """What the searches of one answer share."""

    access: Access
    client: FhirClient
    deadline: Deadline
    allowance: Allowance
    most_pages: int


Result = tuple[Answered, Problem | None]
"""What came of one search, and what went wrong with it, if anything did."""


def collect(url: str, given: Answered | None, kind: str, errand: Errand) -> Result:
    """All pages from `url` on, of resources of one type, added to what was given."""
    have = replace(given, next_page="") if given and given.parts else Answered(Answer.CUT)
    reads_one = "?" not in url and not (given and given.next_page)
    server = origin(errand.access.server)
    by_post = errand.access.by_post and not (given and given.next_page)
    for _ in range(errand.most_pages):
        if origin(url) != server:
            return stopped(have, problem.OTHER_SERVER if url else problem.NO_ADDRESS)
        fetched = _get(url, errand, by_post=by_post)
        if fetched.problem:
            return stopped(have, fetched.problem)
        page = open_fetched(Raw(fetched.body), kind, reads_one=reads_one)
        if page.answer is Answer.NOT_KEPT:
            return stopped(have, problem.NOT_OFFERED)
        if page.answer is Answer.FAILED:
            return stopped(have, problem.unreadable(page.says))
        have = have.with_page(page)
        if not page.next_page:
            short = page.total is not None and page.total > have.matches
            answer = Answer.CUT if short or have.lacks else Answer.WHOLE
            return replace(have, answer=answer), None
        url, by_post = joined(url, page.next_page), False
    return stopped(have, problem.TOO_MANY_PAGES)


def _get(url: str, errand: Errand, *, by_post: bool) -> Fetched:
    """One page. A server that refuses a search for asking what it does not know is asked for less."""
    fetched = errand.client.get(url, errand.access.token, errand.deadline, errand.allowance, by_post=by_post)
    less = url.partition("&_include=")[0]
    if fetched.problem == problem.status(400) and less != url:
        return errand.client.get(less, errand.access.token, errand.deadline, errand.allowance, by_post=by_post)
    return fetched


def joined(base: str, address: str) -> str:
    """An address of a next page, absolute or relative to `base`; empty for a text that is none."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def without(given: Answered | None, why: Problem) -> Answered:
    """What was there before, still cut, or of no use; else nothing, and why."""
    if given and given.is_useless:
        return given
    if given and given.parts:
        return replace(given, answer=Answer.CUT, says=why.says)
    return Answered(why.leaves, says=why.says)


def stopped(have: Answered | None, why: Problem) -> Result:
    """What there is, and what went wrong."""
    return without(have, why), why
