"""Brings the spellings that countries have for one international name of a drug into one form: pantoprazol is pantoprazole."""

import re

_SPELLED = (
    *(("ph", "f"), ("h", ""), ("y", "i"), ("ks", "x"), ("k", "c"), ("w", "v"), ("ts", "z"), ("ae", "e"), ("oe", "e")),
    *(("anlo", "amlo"), ("sinva", "simva")),
)
_DOUBLED = re.compile(r"(.)\1+")
_ENDING = re.compile(r"(?:um|[aeio])$")
_JOINED_SALT = re.compile(
    r"(?:hydrochlorid|hydrobromid|hydrogen[a-z]{4,12}|chlorid|bromid|natrium|kalium|calcium|magnesium|besil[ai]t|mesil[ai]t|maleat|fumarat|tartrat|"
    r"succinat|citrat|acetat|sulfat|phosphat|nitrat|gluconat|lactat|carbonat|valerat|dipropionat|propionat|furoat|pamoat|embonat|medoxomil|"
    r"axetil|etexilat|proxetil|monohydrat|dihydrat|trihydrat|hemihydrat|arginin|lysinat|erbumin|trometamol|bitartrat|dinitrat|mononitrat|"
    r"hydroklorid|klorid|bromidi|natriumi?|hydrat)e?s?$"
)
_SHORTEST = 5


def spelling(word: str) -> str:
    """The one form of a folded name of a drug; empty for a word too short to be told by it."""
    if len(word) < _SHORTEST:
        return ""
    for national, common in _SPELLED:
        word = word.replace(national, common)
    return _ENDING.sub("", _DOUBLED.sub(r"\1", word))


def unsalted(word: str) -> str:
    """A folded name without the salts that German and its neighbours write behind it in one word; the word itself, if there is none."""
    found = word
    while (shorter := _JOINED_SALT.sub("", found)) != found and len(shorter) >= _SHORTEST:
        found = shorter
    return found
