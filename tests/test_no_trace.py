"""No text of a chart stays in the process once it is answered: what is remembered is meanings, by digests."""

import ast
import functools
import gc
import json
import secrets
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cds_service.app import create_app
from cds_service.digest_cache import digest_cached
from cds_service.fhir.decoding.datatypes import Term
from cds_service.knowledge import load
from cds_service.report_text.reader import read_report, reading

ROOT = Path(__file__).parent.parent
REQUESTS = sorted((ROOT / "fixtures/requests").glob("*.json"))
MARK = "zqx" + secrets.token_hex(8)
_WORDS = ("text", "display", "code", "unit", "valueString", "conclusion", "description", "reference", "id", "div")


def _marked(value: Any) -> Any:
    """The same with the mark added to each text, and with each word, code and id also marked once beside the usual ones."""
    if isinstance(value, list):
        return [item for member in value for item in (member, *([_told(member)] if isinstance(member, dict) else []))]
    if isinstance(value, dict):
        return {name: _marked(member) for name, member in value.items()}
    return value


def _told(value: Any) -> Any:
    if isinstance(value, list):
        return [_told(item) for item in value]
    if isinstance(value, dict):
        return {
            name: f"{member} {MARK}" if name in _WORDS and isinstance(member, str) else _told(member)
            for name, member in value.items()
        }
    return value


def _all_objects() -> Iterator[object]:
    """Every object of the process that can be reached."""
    gc.unfreeze()
    gc.collect()
    seen: set[int] = set()
    waiting = [item for item in gc.get_objects() if item is not globals()]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting.extend(gc.get_referents(item))
        if isinstance(item, msgspec.Struct):  # those that the collector need not know are not followed by it
            waiting.extend(getattr(item, name) for name in item.__struct_fields__ if hasattr(item, name))


def _traces(mark: str) -> list[str]:
    plain, raw = mark[3:], mark[3:].encode()  # so that the mark itself, which this module holds, is told apart
    own = {MARK, MARK[3:]}
    return [
        str(item)[:80]
        for item in _all_objects()
        if (isinstance(item, str) and plain in item and item not in own)
        or (isinstance(item, bytes) and raw in item and item != raw)
    ]


def test_what_is_judged_leaves_no_word_behind():
    client = create_app().test_client()
    for path in REQUESTS:
        try:
            body = json.loads(path.read_bytes())
        except ValueError:
            continue
        for sent in (_marked(body), {**body, "prefetch": _told(body.get("prefetch"))}):
            client.post("/cds-services/vertebroplasty-suitability", json=sent).get_data()
        del body, sent
    client.get("/health/live")
    assert _traces(MARK) == []


def test_the_search_finds_what_stays():
    kept = functools.lru_cache(str.upper)
    word = "kept" + secrets.token_hex(8)
    kept(word)
    assert _traces(word)


def test_only_a_digest_is_kept_and_equal_words_are_read_once():
    calls: list[object] = []

    @digest_cached(2)
    def meaning(words: object, means: object = None) -> int:
        calls.append(means)
        return len(calls)

    assert meaning("a") == meaning("a") == 1
    assert meaning(Term(text="a"), UTC) == meaning(Term(text="a"), UTC) == 2
    assert meaning("b") == 3  # the cache was full
    assert meaning("a") == 4
    assert meaning("\ud800") == 5
    assert meaning("\ud800") == 6  # no digest can be made of half a pair
    assert meaning(b"a") == 7


def test_a_report_read_again_has_its_sentences():
    text = "Findings:\n- Acute  fracture of T12.\n- No fracture of L1.\n\nImpression: Acute fracture of T12, old fracture of L3."
    first = read_report(text)
    assert len(first) >= 3
    assert read_report(text) == first == reading(str(text)).statements
    assert {item.sentence for item in first} >= {"Acute fracture of T12.", "No fracture of L1."}


def test_no_function_remembers_by_the_words_themselves():
    """`functools.lru_cache` is for what is no chart's: those that have one are named here."""
    ours = {"prefetch.py", "web/rules.py"}
    found = set()
    for path in (ROOT / "cds_service").rglob("*.py"):
        names = {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
                 for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) }  # fmt: skip
        if "lru_cache" in names:
            found.add(path.relative_to(ROOT / "cds_service").as_posix())
    assert found == ours


@pytest.mark.parametrize("size", [500, 20_000])
def test_a_long_term_leaves_none_either(size: int):
    from cds_service.fhir.concepts import Context, concept

    concept(Term(text=f"discitis {MARK}" + "x" * size), Context(load(), UTC))
    assert _traces(MARK) == []
