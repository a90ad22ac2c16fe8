"""Words that no sentence of ours may hold: promises, orders, and facts that nobody recorded."""

import re

_PROMISES = r"\b(safe|safely|approved|eligible|guarantee\w*|revolutionary|stop(?:ped)? (?:the|taking)|you must)\b"
_NO_CELLS = (
    r"\bno (?:current |valid |readable )?(?:white (?:blood )?cells?|platelets?|neutrophils?|red cells?)\b(?! count)"
)
_NO_VALUE = (
    r"\bno (?:current |readable )?(?:INR|CRP|ESR|creatinine|haemoglobin|fibrinogen|body weight|temperature)\b"
    r"(?![^.;:]*\bon record\b)"
)
_ARRANGED = r"\b(?:is|are) (?:within reach|at hand|standing by)\b"
_UNSUPPORTED = r"\bSIR 2019 asks 1 h\b|\bappropriate in 88 %"
FORBIDDEN = re.compile("|".join((_PROMISES, _NO_CELLS, _NO_VALUE, _ARRANGED, _UNSUPPORTED)), re.IGNORECASE)
"""A promise or an order; cells that are missing where a count is; a value that is missing without "on record"; a wish told as a fact;
a number that a source does not give."""

UNPLAIN = re.compile(
    r"\b(?:slots?|gaps?|kept|of ours|told|decides|being taken|do not proceed|or the like|skim\w*|glance\w*|lenient|mended|gathered)\b"
    r"|\d (?:d|wk|mo)\b|…|[†‡]|\b(?:Condition|Observation|Procedure|Medication\w+|DiagnosticReport)/\w"
)
"""What a card never says: words of the code, abbreviated days and weeks, a sentence cut off, daggers, FHIR ids, orders."""
