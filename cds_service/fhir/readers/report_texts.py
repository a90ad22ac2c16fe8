"""The written parts of a DiagnosticReport, whether anything of them can be read, and what its category says it is."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Attachment, terms_of
from cds_service.report_text.reader import Unread, plain_text, reading

_NOT_IMAGING = re.compile(
    r"\b(?:lab|laboratory|ch|hm|mb|sp|path\w*|haematology|hematology|chemistry|microbiology|cytolog\w*|genetic\w*|cardiolog\w*|LP29708-2|LP29693-6)\b",
    re.IGNORECASE,
)
_ISSUED = ("final", "amended", "corrected", "appended")
_ISSUED = ("final", "amended", "corrected", "appended")
_IMAGING = re.compile(r"\b(?:rad|rx|ct|nmr|nms|img|imaging|radiolog\w*|LP29684-5)\b", re.IGNORECASE)


def of(resource: resources.DiagnosticReport) -> Iterator[str]:
    """The written parts of a report; the narrative, which repeats the others, only where nothing else can be read."""
    written = [text for text in (resource.conclusion, *map(_decoded, resource.presentedForm)) if text and text.strip()]
    yield from written
    if resource.text and resource.text.div and all(_is_lost(text) for text in written):
        narrative = plain_text(resource.text.div, "text/html")
        if narrative.strip():
            yield narrative


def unread(resource: resources.DiagnosticReport, texts: Iterable[str]) -> Unread | None:
    """Why nothing of a report's `texts`, or not all of one, could be read; None if one was read whole and none in part only.

    A report without any text is unread if it has a document (PDF, a picture, a link), or if it has nothing at all though it is issued.
    """
    reasons = [reading(text).unread for text in texts]
    if not reasons:
        return Unread.NO_TEXT if resource.presentedForm else Unread.NO_CONTENT if _is_empty(resource) else None
    partly = next((why for why in reasons if why and why.partial), None)
    return partly or (None if None in reasons else reasons[0])


def _is_empty(resource: resources.DiagnosticReport) -> bool:
    """Whether a report was issued without a conclusion, a code for one, or results."""
    return (resource.status or "").strip().lower() in _ISSUED and not (resource.conclusionCode or resource.result)


def is_no_imaging(resource: resources.DiagnosticReport) -> bool:
    """Whether the category says that the report is a laboratory's, a pathologist's or a cardiologist's."""
    said = _category(resource)
    return bool(said) and all(_NOT_IMAGING.fullmatch(word.strip()) for word in said if word)


def is_imaging(resource: resources.DiagnosticReport) -> bool:
    """Whether the category says that the report is of an image."""
    return any(_IMAGING.search(word) for word in _category(resource))


def _category(resource: resources.DiagnosticReport) -> list[str]:
    return [
        word
        for term in terms_of(resource.category)
        for word in (*term.texts, *(coding.code or "" for coding in term.codings))
    ]


def _is_lost(text: str) -> bool:
    why = reading(text).unread
    return why is not None and not why.partial


def _decoded(attachment: Attachment) -> str:
    """The text of an attachment; empty if it holds none, is no text, or is not proper base64."""
    try:
        data = base64.b64decode(attachment.data or "")
    except (binascii.Error, ValueError):
        return ""
    return plain_text(data, attachment.contentType or "text/plain")
