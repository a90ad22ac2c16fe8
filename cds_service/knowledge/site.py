"""What a site adds to the knowledge: codes of its own catalogue."""

from collections.abc import Iterable

from msgspec.structs import replace

from cds_service.knowledge import Knowledge
from cds_service.knowledge.codes import CodeIndex
from cds_service.knowledge.value_sets import Systems


def with_codes(know: Knowledge, value_set: str, codes: Iterable[tuple[str, str, str]]) -> Knowledge:
    """The knowledge with more codes in a value set, each as system, code and display.

    A system is the key of one of ours, or an address, which may be a local one.
    """
    index = know.index
    keys = dict(index.systems.keys)
    listed = {system: dict(shown) for system, shown in index.value_sets[value_set].codes.items()}
    for system, code, display in codes:
        # A local code system is known by its address alone.
        key = system if system in index.systems.patterns else keys.setdefault(system, system)
        listed.setdefault(key, {})[code] = display
    systems = Systems(keys, index.systems.patterns, index.systems.closed)
    extended = replace(index.value_sets[value_set], codes=listed)
    return replace(know, index=CodeIndex({**index.value_sets, value_set: extended}, systems))
