"""How long a card may be, counted in words as a reader sees them; a card that is read in five seconds has no more."""

import re

MOST_LINES = 7
MOST_POINTS = 5
"""Lines that say what to do and why, together."""
MOST_STEPS = 3
LONGEST_LINE = 22
LONGEST_CLOSING_LINE = 40
VERDICT_WORDS = 85
"""Words of the detail of the verdict's card, its last line of small print counted."""
FAVOURABLE_WORDS = 75
"""Words of the whole answer where nothing speaks against, its summary counted too."""
TASK_WORDS = 75
"""The same on a further card, which is for one person's task."""

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_WORD = re.compile(r"[^\s|]*\w[^\s|]*")


def word_count(text: str) -> int:
    """The words of markdown that a reader sees: neither the address of a link nor the frame of a table."""
    return len(_WORD.findall(_LINK.sub(r"\1", text) if "](" in text else text))
