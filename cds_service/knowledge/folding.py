"""How texts are made alike before they are compared."""

import re
import unicodedata

_TAG = re.compile(
    r" ?\((?:disorder|finding|situation|procedure|regime/therapy|person|event|morphologic abnormality|observable entity|"
    r"physical object|substance|product|clinical drug|medicinal product|organism|body structure|social concept|"
    r"context-dependent category|qualifier value|environment|occupation|record artifact)\)$",
    re.IGNORECASE,
)


_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "ł": "l"}
)
"""Latin letters that Unicode does not take apart."""


def folded(text: str) -> str:
    """Text as patterns see it: compatibility forms and accents removed, white space single."""
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
        text = text.translate(_LETTERS)
    return " ".join(text.split())


def untagged(text: str) -> str:
    """A folded text without the semantic tag that ends a fully specified name of SNOMED CT."""
    return _TAG.sub("", text) if text.endswith(")") else text
