"""Judges from the words around a mention whether a sign is stated, denied, doubted or told of the past."""

import re

from cds_service.chart.imaging import Assertion, ImagingSign
from cds_service.report_text.clauses import Cue, Mention, Piece, Sentence

_SINGULAR = re.compile(r"(?:is|was|has)\b")
_PLURAL = re.compile(r"(?:are|were|have)\b")
_NOT = re.compile(r"\bnot\b")
_EITHER = re.compile(r",? or (?:\w+ ){0,2}")
_GIVEN = re.compile(r"\b(?:in|of|at|with|within|to|from|around)\s+(?:the|this|these|known|both)\b")
_GIVEN_HERE = re.compile(_GIVEN.pattern + r"(?: \w+){0,3} $")
_AFFIRMED = {
    "present": Assertion.PRESENT,
    "part": Assertion.PRESENT,
    "beside-fracture": Assertion.PRESENT,
    "absent": Assertion.ABSENT,
    "uncertain": Assertion.UNCERTAIN,
    "denied": None,
}


def judge(sentence: Sentence, mention: Mention, piece: Piece) -> Assertion | None:
    """None where something of the past is denied: that says nothing of today."""
    cues = [cue for cue in sentence.cues if cue in piece and _concerns(sentence, cue, mention)]
    before = {kind: cue.start for cue in reversed(cues) if _reaches(sentence, cue, mention) for kind in cue.kinds}
    after = {kind for cue in cues if _reaches_back(sentence, cue, mention) for kind in cue.kinds}
    denied_after = "absent_after" in after or _denied_within(sentence, mention)
    denied = denied_after or "absent_before" in before
    past = "historical_before" in before or "historical_after" in after
    past = past and not ("current_before" in before or "current_after" in after)
    doubt_leads = "uncertain_before" in before and not (
        denied_after or before.get("absent_before", len(sentence.text)) < before["uncertain_before"]
    )
    if "uncertain_after" in after or doubt_leads:
        return None if mention.kind == "denied" else Assertion.UNCERTAIN
    if denied:
        if not denied_after and (past or mention.kind == "part"):
            return None
        return Assertion.UNCERTAIN if mention.kind in ("absent", "uncertain") else Assertion.ABSENT
    if past or mention.kind == "historical":
        return None if mention.kind in ("absent", "denied") else Assertion.HISTORICAL
    if mention.kind in ("present", "part") and _is_alternative(sentence, mention, piece):
        return Assertion.UNCERTAIN
    return _AFFIRMED[mention.kind]


def _is_alternative(sentence: Sentence, mention: Mention, piece: Piece) -> bool:
    """ "Fracture or metastasis": one of two, so neither is stated."""
    for other in sentence.mentions:
        first, second = sorted((mention, other), key=lambda each: each.start)
        if (
            other in piece
            and other.rule is not mention.rule
            and _EITHER.fullmatch(sentence.text, first.end, second.start)
        ):
            return True
    return False


def _concerns(sentence: Sentence, cue: Cue, mention: Mention) -> bool:
    """A cue inside a phrase ("fracture is *not* acute") concerns the signs of that phrase alone."""
    inside = [other for other in sentence.mentions if other.start <= cue.start and cue.end <= other.end]
    return not inside or mention in inside


def _reaches(sentence: Sentence, cue: Cue, mention: Mention) -> bool:
    if cue.start >= mention.start or cue.end > mention.start + 1:
        return False
    return not (
        sentence.table.stops.search(sentence.text, cue.end, mention.start) or _is_presupposed(sentence, cue, mention)
    )


def _is_presupposed(sentence: Sentence, cue: Cue, mention: Mention) -> bool:
    """ "No uptake in the fractured L3" denies the uptake; "the" takes the fracture for granted."""
    if mention.rule.sign is ImagingSign.FRACTURE and _GIVEN_HERE.search(sentence.text, cue.end, mention.start):
        return True
    ends = [other.end for other in sentence.mentions if cue.end <= other.start and other.end <= mention.start]
    return bool(ends) and _GIVEN.search(sentence.text, max(ends), mention.start) is not None


def _reaches_back(sentence: Sentence, cue: Cue, mention: Mention) -> bool:
    """A verb in the singular speaks of the last thing named, one in the plural of the whole list."""
    if cue.start < mention.start:
        return False
    if _PLURAL.match(sentence.text, cue.start):
        return True
    between = Piece(mention.end, cue.start)
    words = sentence.text[between.start : between.end]
    listed = " and " in words and sentence.has_mention(between)
    parenthesis = words.endswith(", ") and _SINGULAR.match(sentence.text, cue.start)
    return ("," not in words or bool(parenthesis)) and not (listed and _SINGULAR.match(sentence.text, cue.start))


def _denied_within(sentence: Sentence, mention: Mention) -> bool:
    return mention.kind != "absent" and bool(_NOT.search(sentence.text, mention.start, mention.end))
