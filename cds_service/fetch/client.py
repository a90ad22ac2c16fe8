"""One GET or search on a FHIR server: bounded in time and size, no redirects, the token sent nowhere else."""

from pathlib import Path
from ssl import SSLError, create_default_context
from time import sleep
from urllib.parse import urlsplit

import requests
from msgspec import Raw, Struct

from cds_service.chart import Answer
from cds_service.errors import SettingsError
from cds_service.fetch import problem
from cds_service.fetch.limits import Allowance, Deadline
from cds_service.fetch.origins import Reach
from cds_service.fetch.problem import Problem
from cds_service.fetch.transport import OutOfReach, Transport
from cds_service.fhir.decoding.bundle import open_answer

_CHUNK = 65_536
_AGAIN = (429, 503)
_MAY_LACK = (404, 501)
"""How a search is refused for a type that the server does not have; an OperationOutcome must say so, as any proxy answers 404."""
_PAUSE = 0.05  # seconds before the second try, if the server names none


class Fetched(Struct, frozen=True):
    """What one request brought: the body, or why there is none. After `pause` seconds it may be tried again."""

    body: bytes = b""
    problem: Problem | None = None
    pause: float | None = None


class FhirClient:
    """A pooled HTTP client for servers within one reach; safe to use from several threads."""

    def __init__(self, reach: Reach, connections: int, authorities: Path | None = None) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # neither proxies, netrc nor a certificate bundle from the environment
        self._session.verify = str(authorities) if authorities else True
        transport = Transport(reach, connections)
        self._session.mount("https://", transport)
        self._session.mount("http://", transport)

    def get(self, url: str, token: str, deadline: Deadline, allowance: Allowance, *, by_post: bool = False) -> Fetched:
        """The body at `url`; asked once more after 429 or 503 if time is left. With `by_post` a search is posted."""
        fetched = self._asked(url, token, deadline, allowance, by_post=by_post)
        if fetched.pause is not None and fetched.pause < deadline.left:
            sleep(fetched.pause)
            fetched = self._asked(url, token, deadline, allowance, by_post=by_post)
        return fetched

    def _asked(self, url: str, token: str, deadline: Deadline, allowance: Allowance, *, by_post: bool) -> Fetched:
        seconds = deadline.left
        if seconds <= 0:
            return Fetched(problem=problem.NO_TIME)
        address, form = _posted(url) if by_post else (url, None)
        headers = {"Accept": "application/fhir+json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            response = self._session.request(
                "GET" if form is None else "POST",
                address,
                data=form,
                headers=headers,
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            )
            with response:
                if response.status_code != requests.codes.ok:
                    lacks = "?" in url and _lacks_the_type(response, deadline, allowance)
                    return Fetched(problem=problem.NOT_OFFERED) if lacks else _refused(response)
                return _body(response, deadline, allowance)
        except OutOfReach:
            return Fetched(problem=problem.PRIVATE)
        except (requests.RequestException, OSError, ValueError):
            # A token or an address of illegal characters is a ValueError, and nobody's answer.
            return Fetched(problem=problem.TOO_LATE if deadline.is_past else problem.BROKEN)


def refuse_unusable(authorities: Path) -> None:
    """Raises SettingsError if a file of certificate authorities is none: every connection would fail, and say so of the server."""
    try:
        create_default_context(cafile=authorities)
    except SSLError:
        raise SettingsError(f"{authorities}: holds no certificate in PEM") from None
    except OSError as error:
        raise SettingsError(f"{authorities}: cannot be read: {error.strerror}") from None


def _body(response: requests.Response, deadline: Deadline, allowance: Allowance) -> Fetched:
    chunks, size = [], 0
    for chunk in response.iter_content(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        enough = allowance.take(len(chunk)) and size <= allowance.largest
        if deadline.is_past or not enough:
            allowance.give_back(size)
            return Fetched(problem=problem.TOO_LARGE if not enough else problem.TOO_LATE)
    return Fetched(body=b"".join(chunks))


def _lacks_the_type(response: requests.Response, deadline: Deadline, allowance: Allowance) -> bool:
    """Whether a search was refused because the server has no resources of the type."""
    if response.status_code not in _MAY_LACK:
        return False
    body = _body(response, deadline, allowance).body
    return open_answer(Raw(body)).answer is Answer.NOT_KEPT


def _refused(response: requests.Response) -> Fetched:
    code = response.status_code
    return Fetched(problem=problem.status(code), pause=_pause(response) if code in _AGAIN else None)


def _pause(response: requests.Response) -> float:
    """The seconds that the server asks to wait."""
    try:
        return max(float(response.headers.get("Retry-After", _PAUSE)), 0.0)
    except ValueError:
        return _PAUSE


def _posted(url: str) -> tuple[str, str | None]:
    """A search as POST: the address with `_search`, and the query as form. A read stays a GET."""
    parts = urlsplit(url)
    if not parts.query:
        return url, None
    return parts._replace(path=f"{parts.path}/_search", query="").geturl(), parts.query
