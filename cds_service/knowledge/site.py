"""What a site adds to the knowledge: codes of its own catalogue, and addresses of code systems."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from cds_service.errors import KnowledgeError
from cds_service.knowledge import Knowledge, files
from cds_service.knowledge.codes import CodeIndex


def with_codes(know: Knowledge, value_set: str, codes: Iterable[tuple[str, str, str]]) -> Knowledge:
    """The knowledge with more codes in a value set, each as system, code and display.

    A system is the key of one of ours, or an address, which may be a local one.
    """
    index = know.index
    systems = index.systems
    listed = {system: dict(shown) for system, shown in index.value_sets[value_set].codes.items()}
    for system, code, display in codes:
        # A local code system is known by its address alone.
        key = system if system in systems.patterns else systems.key(system) or system
        if key == system and key not in systems.patterns:
            systems = systems.also(system, system)
        listed.setdefault(key, {})[code] = display
    extended = replace(index.value_sets[value_set], codes=listed)
    return replace(know, index=CodeIndex({**index.value_sets, value_set: extended}, systems))


def with_addresses(know: Knowledge, addresses: Mapping[str, str]) -> Knowledge:
    """The knowledge with more addresses of code systems, each with the key of one of ours.

    Raises `KnowledgeError` for a key that is none, or an address of another system.
    """
    systems = know.index.systems
    for address, key in addresses.items():
        files.refer("settings", f"code_systems.{address}", key, know.index.systems.patterns, "key of a code system")
        try:
            systems = systems.also(address, key)
        except ValueError as error:
            raise KnowledgeError("settings", f"code_systems.{address}", f"is an address of {error}") from None
    return replace(know, index=CodeIndex(know.index.value_sets, systems)) if addresses else know
