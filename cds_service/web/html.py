"""Turns markdown, JSON and texts with dates into HTML that holds no markup but ours."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from cds_service.chart import Quantity
from cds_service.findings import date_style
from cds_service.knowledge import Parameter

_NOWHERE = datetime(1, 1, 1, tzinfo=UTC)  # every date that a text can hold is of another year
_LONGEST = 40_000  # characters of JSON that a page shows of one resource


def dated(text: object, as_of: datetime | None = None) -> Markup:
    """A text with its dates in words, each beside its form for programs; as seen from `as_of`, or from nowhere with their years."""
    parts = (
        Markup('<time datetime="{}">{}</time>').format(written, said) if written else escape(said)
        for said, written in date_style.pieces(str(text), as_of or _NOWHERE)
    )
    return Markup("").join(parts)


def _renderer() -> MarkdownIt:
    """Tables and links, but neither HTML nor images: text of a chart can bring no element of its own."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    made.validateLink = lambda url: bool(re.match(r"(?i)https?://|[/#?]", url))  # type: ignore[method-assign]

    def open_link(self: Any, tokens: Sequence[Any], place: int, options: Any, env: Any) -> str:
        tokens[place].attrSet("rel", "noopener noreferrer")
        return str(self.renderToken(tokens, place, options, env))

    def head(_self: Any, tokens: Sequence[Any], place: int, _options: Any, _env: Any) -> str:
        """A cell without a word heads nothing."""
        opens = tokens[place].nesting > 0
        tag = "th" if tokens[place + 1 if opens else place - 1].content else "td"
        return f"<{tag}>" if opens else f"</{tag}>\n"

    made.add_render_rule("link_open", open_link)
    made.add_render_rule("th_open", head)
    made.add_render_rule("th_close", head)
    return made


_MARKDOWN = _renderer()


def markdown(text: str) -> Markup:
    """Markdown as HTML."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - the renderer passes no HTML through


def markup(rendered: str) -> Markup:
    """What a template of ours made, for use in another."""
    return Markup(rendered)  # noqa: S704 - templates escape what they are given


def number(parameter: Parameter) -> str:
    """A number with its unit as people write it."""
    return parameter.text if parameter.is_time else str(Quantity(parameter.value, parameter.unit))


def json_text(value: Any) -> str:
    """JSON as it is shown."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def marked_json(raw: bytes, path: str) -> Markup:
    """A resource as JSON with the element at `path` marked; `value` marks `valueQuantity` and its like as well.

    What is no JSON is shown as it came.
    """
    try:
        value = json.loads(raw)
    except ValueError:
        return escape(raw.decode("utf-8", "replace")[:_LONGEST])
    lines = list(_lines(value, tuple(path.split(".")) if path else (), "", "", marked=False))
    parts: list[Markup] = []
    length = 0
    for marked, text in _joined(lines):
        parts.append(Markup("<mark>{}</mark>").format(text) if marked else escape(text))
        length += len(text)
        if length > _LONGEST:
            parts.append(Markup("\n…"))
            break
    return Markup("\n").join(parts)


def _joined(lines: Sequence[tuple[bool, str]]) -> Iterator[tuple[bool, str]]:
    """Neighbouring lines with the same mark as one text."""
    held: list[str] = []
    state = False
    for marked, text in lines:
        if held and marked is not state:
            yield state, "\n".join(held)
            held = []
        state = marked
        held.append(text)
    if held:
        yield state, "\n".join(held)


def _lines(
    value: Any, path: tuple[str, ...], indent: str, lead: str, *, marked: bool, tail: str = ""
) -> Iterator[tuple[bool, str]]:
    """Lines of JSON, each with whether it belongs to the element that `path` leads to from here."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        yield marked, f"{indent}{lead}{{"
        last = len(value) - 1
        for place, (name, member) in enumerate(value.items()):
            on_path = bool(path) and _is_element(name, path[0])
            inside = marked or (on_path and len(path) == 1)
            rest = path[1:] if on_path else ()
            key = json.dumps(name, ensure_ascii=False) + ": "
            yield from _lines(member, rest, deeper, key, marked=inside, tail="," if place < last else "")
        yield marked, f"{indent}}}{tail}"
    elif isinstance(value, list) and value:
        yield marked, f"{indent}{lead}["
        for place, item in enumerate(value):
            yield from _lines(item, path, deeper, "", marked=marked, tail="," if place < len(value) - 1 else "")
        yield marked, f"{indent}]{tail}"
    else:
        yield marked, f"{indent}{lead}{json.dumps(value, ensure_ascii=False)}{tail}"


def _is_element(name: str, step: str) -> bool:
    """Whether a member is the element itself, or one of its types where FHIR lets the element choose."""
    return name == step or (name.startswith(step) and name[len(step) : len(step) + 1].isupper())
