"""Which of several resources of one identity counts: the newest version, whatever the order in which they came."""

from collections.abc import Iterable, Sequence
from datetime import UTC

import msgspec
from msgspec import Struct

from cds_service.fhir import dates
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.decode import DecodedResource, Passed, one
from cds_service.fhir.decoding.references import address, version

Item = DecodedResource | Passed


class Version(Struct, frozen=True):
    """A resource with the part that it came in, and its place among all that arrived."""

    place: int
    part: Part
    item: Item


class _Meta(Struct, gc=False, rename="camel"):
    last_updated: str | None = None
    version_id: str | int | None = None


class _Versioned(Struct, gc=False):
    meta: _Meta | None = None


_VERSIONED = msgspec.json.Decoder(_Versioned)


def by_server(arrived: Sequence[Version]) -> Iterable[list[Version]]:
    """Those that are one resource, of several with the same type and id: an id is unique on its server only.

    What does not say which server it is from belongs to the only one that is named, if no more than one is.
    """
    groups: dict[str, list[Version]] = {}
    for item in arrived:
        groups.setdefault(address(item.part.full_url).root, []).append(item)
    return groups.values() if len(groups.keys() - {""}) > 1 else [list(arrived)]


def current(versions: Sequence[Version]) -> tuple[list[Version], bool]:
    """Those that count of several versions of one resource, and whether nobody can tell which is the newest.

    The newest by `meta.lastUpdated`, else by a numeric `meta.versionId`. Where neither tells, all that say different things count.
    """
    distinct = list({bytes(item.part.raw): item for item in reversed(versions)}.values())[::-1]
    if len(distinct) > 1:
        distinct = _newest(distinct)
    if len(distinct) > 1:
        distinct = _different(distinct)
    return distinct, len(distinct) > 1


def _newest(versions: list[Version]) -> list[Version]:
    """Those that share the latest time, and of these the highest number, each as far as all of them state one."""
    for which in (0, 1):
        stated = [_meta(item.part)[which] for item in versions]
        known = [value for value in stated if value is not None]
        if len(known) == len(stated):
            latest = max(known)
            versions = [item for item, value in zip(versions, stated, strict=True) if value == latest]
    return versions


def _different(versions: list[Version]) -> list[Version]:
    """The first, and those of which rules would read something else; an element that no rule reads makes no difference."""
    first = _content(versions[0])
    return [versions[0], *(item for item in versions[1:] if _content(item) != first)]


def _content(arrived: Version) -> object:
    found = arrived.item if isinstance(arrived.item, DecodedResource) else one(arrived.part)
    return (found.resource, found.dropped) if isinstance(found, DecodedResource) else found


def _meta(part: Part) -> tuple[float | None, int | None]:
    """When it was last updated, in seconds, and the number of its version; None for what is not stated."""
    try:
        meta = _VERSIONED.decode(part.raw).meta or _Meta()
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None, None
    when = dates.read(meta.last_updated, UTC) if meta.last_updated else None
    number = str(meta.version_id if meta.version_id is not None else version(part.full_url))
    return (when.start.timestamp() if when else None), (int(number) if number.isdecimal() else None)
