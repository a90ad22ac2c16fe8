"""Tells whether terms name vertebral augmentation, by code or in words, and which kind: vertebroplasty or kyphoplasty."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from cds_service.chart import Augmentation, Basis, ValueSets
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.datatypes import Term
from cds_service.knowledge.codes import LONGEST_TERM, CodeIndex
from cds_service.knowledge.folding import folded

AUGMENTATION = ValueSets.VERTEBRAL_AUGMENTATION
_ABBREVIATION, _SPINE = ValueSets.AUGMENTATION_ABBREVIATION, ValueSets.SPINE_REGION
_NOT_OURS = frozenset((ValueSets.SACROPLASTY, ValueSets.CERVICAL_AUGMENTATION))
_OVERLAP = 100  # characters of the piece before: more than any name of the procedure has
_ANOTHER_SERVICE = re.compile(
    r"\b(?:mri?|mrt|ct|pet|spect|dxa|dexa|scan|scans|scintigraph\w*|x-?rays?|xr|radiographs?|imaging|ultrasound)\b(?!\W*(?:guid|fluoro))"
    r"|\b(?:refer\w*|consult\w*|evaluat\w*|assess\w*|visit|clinic|follow[- ]?up|review|education|advice|opinion|consent"
    r"|konsil\w*|uberweisung|vorstellung|abklarung|ana?esth\w*|physio\w*|rehabilitation|wound|dressing|nursing|transport|patholog\w*)\b",
    re.IGNORECASE,
)
"""Words of an orderable that is something else, whatever its details say that it is for; "CT guided" is a way to do the procedure."""
_KINDS = {ValueSets.VERTEBROPLASTY: Augmentation.VERTEBROPLASTY, ValueSets.KYPHOPLASTY: Augmentation.KYPHOPLASTY}


class NamedProcedure(Struct, frozen=True):
    """By what an augmentation was named, and its kind."""

    basis: Basis
    kind: Augmentation


def named(
    terms: Iterable[Term], context: Context, *, details: Iterable[Term] = (), levels: bool = False
) -> NamedProcedure | None:
    """How terms name vertebral augmentation: a code of any system we know, or a text whatever its code; None if they do not.

    An abbreviation such as BKP names it only with `levels`, or where a term or one of the `details` (the site, a specification)
    is the spine. The kind is that of the codes and words; unstated where they name none or both.
    """
    index = context.know.index
    own, further = tuple(terms), tuple(details)
    coded = frozenset().union(*(sets for term in own for sets, _ in _codes(term, index)))
    written = frozenset().union(*map(index.of_text, _texts(own)))
    if _NOT_OURS & (coded | written) and AUGMENTATION not in coded:
        return None
    if AUGMENTATION not in coded | written and not (
        _abbreviated(own, further, index) and (levels or _is_of_spine((*own, *further), index))
    ):
        return None
    return NamedProcedure(Basis.CODE if AUGMENTATION in coded else Basis.TEXT, _kind(own, further, index))


def detailed(
    own: Iterable[Term],
    specified: Iterable[Term],
    context: Context,
    *,
    details: Iterable[Term] = (),
    levels: bool = False,
) -> NamedProcedure | None:
    """How the specification of a general orderable (`orderDetail`) names vertebral augmentation, see `named`; None if it does not.

    What is ordered must leave room for it: an image, a referral or a visit is one, whatever it is for.
    """
    index = context.know.index
    general, further = tuple(own), tuple(specified)
    ordered = folded(" / ".join(_texts(general)))
    exception = index.value_sets[AUGMENTATION].exception
    if not further or _ANOTHER_SERVICE.search(ordered):
        return None
    if exception and any(exception.search(folded(f"{ordered} {text}")) for text in _texts(further)):
        return None
    return named((*general, *further), context, details=details, levels=levels)


def beyond(texts: Iterable[str], context: Context) -> list[Term]:
    """What long texts say of the procedure beyond the length to which a term is read: the pieces that name it, each of that length.

    Only its names are looked for there, so that a long text of another order costs little.
    """
    index, step = context.know.index, LONGEST_TERM - _OVERLAP
    starts = ((text, start) for text in texts for start in range(step, len(text), step))
    pieces = (text[start : start + LONGEST_TERM] for text, start in starts)
    return [Term(text=piece) for piece in pieces if _is_named_late(piece, index)]


def _is_named_late(piece: str, index: CodeIndex) -> bool:
    """Whether the procedure is named or abbreviated after the overlap; the piece before holds other names, with what precedes them."""
    patterns = (index.value_sets[name].pattern for name in (AUGMENTATION, _ABBREVIATION))
    return any(found.end() > _OVERLAP for pattern in patterns if pattern for found in pattern.finditer(folded(piece)))


def one_kind(kinds: Iterable[Augmentation]) -> Augmentation:
    """The kind of several augmentations together: unstated unless they are of one."""
    found = set(kinds)
    return found.pop() if len(found) == 1 else Augmentation.UNSTATED


def _abbreviated(own: tuple[Term, ...], further: tuple[Term, ...], index: CodeIndex) -> bool:
    """Whether words of the terms abbreviate the procedure, and nothing in the whole order gives the letters another meaning."""
    if not any(_ABBREVIATION in index.of_text(text) for text in _texts(own)):
        return False
    other_meaning = index.value_sets[_ABBREVIATION].exception
    return not (other_meaning and other_meaning.search(folded(" / ".join(_texts((*own, *further))))))


def _is_of_spine(terms: Iterable[Term], index: CodeIndex) -> bool:
    return any(
        _SPINE in sets
        for term in terms
        for sets in (*(sets for sets, _ in _codes(term, index)), *map(index.of_text, term.texts))
    )


def _kind(own: tuple[Term, ...], further: tuple[Term, ...], index: CodeIndex) -> Augmentation:
    """The kind by codes and words; where these leave it open, by what else the order says."""
    displays = [display for term in own for sets, display in _codes(term, index) if AUGMENTATION in sets]
    for texts in ((*displays, *_texts(own)), [text for text in _texts(further) if AUGMENTATION in index.of_text(text)]):
        kinds = _KINDS.keys() & frozenset().union(*map(index.of_text, texts))
        if kinds:
            return one_kind(_KINDS[kind] for kind in kinds)
    return Augmentation.UNSTATED


def _codes(term: Term, index: CodeIndex) -> Iterator[tuple[frozenset[str], str]]:
    """The value sets of each code of a term, and the display that augmentation's value set gives it."""
    listed = index.value_sets[AUGMENTATION].codes
    for address, code in term.codes:
        if address:
            system = index.system(address) or address
            yield index.of_code(system, code), listed.get(system, {}).get(code, "")


def _texts(terms: Iterable[Term]) -> Iterator[str]:
    return (text for term in terms for text in term.texts)
