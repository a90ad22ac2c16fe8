"""Finds drafts by whatever a selection or a reference calls them: an id, a path, an address, a version, a urn, with a group its members."""

from collections.abc import Hashable, Iterable, Iterator

from cds_service.fhir.decoding.references import NOWHERE, URN, address
from cds_service.fhir.drafts import GROUPS, READ, Draft


class DraftIndex:
    """Drafts by their names, each of which leads to a list: what is asked again and again costs no more than once."""

    def __init__(self, drafts: Iterable[Draft]) -> None:
        self._at: dict[Hashable, list[Draft]] = {}
        self._inside: dict[str, list[Draft]] = {}
        for draft in drafts:
            self._at.setdefault(draft.reference, []).append(draft)
            if draft.within:
                self._inside.setdefault(draft.within, []).append(draft)
                continue
            if (entry := address(draft.part.full_url)) != NOWHERE:
                self._at.setdefault(entry, []).append(draft)
            if draft.id:
                self._at.setdefault(("", draft.id), []).append(draft)
                self._at.setdefault((draft.kind or "?", draft.id), []).append(draft)

    def named(self, reference: str) -> list[list[Draft]]:
        """The drafts that a reference names: by its own address if there is one, else by type and id, on whichever server.

        A draft whose type cannot be read has any.
        """
        text = reference.strip()
        wanted = address(text)
        name = wanted.id.rpartition(":")[2] if wanted.id.startswith(URN) else wanted.id
        for keys in ((wanted,), (text,), ((wanted.type, name), ("?", name))):
            found = [self._at[key] for key in keys if key in self._at]
            if found:
                return found
        return []

    def chosen(self, selections: Iterable[str]) -> tuple[list[Draft], list[str]]:
        """The drafts that selections name, with what the groups among them hold or name; and the selections that name none."""
        found: dict[int, Draft] = {}
        unmatched = []
        seen: set[int] = set()
        for selection in selections:
            matches = self.named(selection)
            if not matches:
                unmatched.append(selection)
            found |= {id(draft): draft for draft in self._each_once(matches, seen)}
        return list(found.values()), unmatched

    def _each_once(self, lists: Iterable[list[Draft]], seen: set[int]) -> Iterator[Draft]:
        for listed in lists:
            if id(listed) in seen:
                continue
            seen.add(id(listed))
            for draft in listed:
                yield draft
                if draft.kind in GROUPS and not draft.within:
                    yield from self._each_once([self._inside.get(draft.reference, [])], seen)
                    yield from self._each_once([item for name in draft.members for item in self.named(name)], seen)


def may_be_ours(reference: str) -> bool:
    """Whether what a reference names, which did not come, may be of a type that is read."""
    return not reference.startswith("#") and address(reference).type in ("", *READ)
