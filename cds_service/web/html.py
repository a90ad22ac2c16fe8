"""Turns markdown, JSON and moments into HTML that holds no markup but ours."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from cds_service.chart import Quantity
from cds_service.knowledge import Parameter

_DATE = re.compile(r"(\b\d{4}-\d\d(?:-\d\d)?\b)")
_LONGEST = 40_000  # characters of JSON that a page shows of one resource


def dated(text: str) -> Markup:
    """Text with its dates kept on one line."""
    parts = (
        Markup('<span class="date">{}</span>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(_DATE.split(text))
    )
    return Markup("").join(parts)


def _renderer() -> MarkdownIt:
    """Tables and links, but neither HTML nor images: text of a chart can bring no element of its own."""
    made = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    made.validateLink = lambda url: bool(re.match(r"(?i)https?://|[/#?]", url))  # type: ignore[method-assign]

    def open_link(self: Any, tokens: Sequence[Any], place: int, options: Any, env: Any) -> str:
        tokens[place].attrSet("rel", "noopener noreferrer")
        return str(self.renderToken(tokens, place, options, env))

    def text(_self: Any, tokens: Sequence[Any], place: int, _options: Any, _env: Any) -> str:
        return str(dated(tokens[place].content))

    made.add_render_rule("link_open", open_link)
    made.add_render_rule("text", text)
    return made


_MARKDOWN = _renderer()


def markdown(text: str) -> Markup:
    """Markdown as HTML."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 - the renderer passes no HTML through


def markup(rendered: str) -> Markup:
    """What a template of ours made, for use in another."""
    return Markup(rendered)  # noqa: S704 - templates escape what they are given


def moment(when: datetime, zone: tzinfo) -> str:
    """A moment as people read it, such as `Tue 24 Nov 2026 08:00`, in the zone of the site."""
    return f"{when.astimezone(zone):%a %-d %b %Y %H:%M}"


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
