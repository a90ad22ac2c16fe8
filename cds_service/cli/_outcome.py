"""What replaying one request or case came to: the reply, how it compares with what was expected, and how it is shown."""

import difflib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.text import Text

from cds_service.cards.assessment import EXTENSION
from cds_service.cards.budget import word_count
from cds_service.cli._endpoint import Reply


class ReplayResult(StrEnum):
    """How a reply compares with what was expected."""

    MATCHED = "matched"
    DIFFERENT = "different"
    UPDATED = "updated"
    ANSWERED = "answered, nothing expected"
    REFUSED = "refused"
    FAILED = "failed"
    UNREADABLE = "unreadable"

    @property
    def is_failure(self) -> bool:
        """Whether somebody should look at it."""
        return self in (ReplayResult.DIFFERENT, ReplayResult.FAILED, ReplayResult.UNREADABLE)


_COLOUR = {"critical": "red", "warning": "yellow", "info": "blue"}


class ReplayOutcome(Struct, frozen=True):
    """One request or case replayed; `differences` are lines for people."""

    name: str
    verdict: ReplayResult
    reply: Reply | None = None
    differences: tuple[str, ...] = field(default=())

    def as_row(self) -> dict[str, Any]:
        """For `--json`."""
        row: dict[str, Any] = {"name": self.name, "verdict": self.verdict.value}
        if self.reply:
            row |= {"status": self.reply.status, "response": self.reply.body}
        if self.differences:
            row["differences"] = list(self.differences)
        return row

    def as_plain_cards(self) -> str:
        """The cards as a clinician reads them, one under the other, for a reviewer who reads many answers."""
        body = self.reply.body if self.reply else {}
        shown = [f"{card['summary']}\n\n{card['detail']}" for card in body.get("cards", ())]
        head = f"# {self.name}: {assessment(body).get('disposition', 'no disposition')}, {word_count(' '.join(shown))} words"
        offered = [
            " ".join(f"[ {item['label']} ]" for item in card.get("suggestions", ())) for card in body.get("cards", ())
        ]
        return "\n\n".join([head, *(part for pair in zip(shown, offered, strict=True) for part in pair if part)]) + "\n"

    def show(self, console: Console) -> None:
        """For a terminal: the disposition, then each card as an EHR would show it, then what differs."""
        style = "red" if self.verdict.is_failure else "green"
        console.print(Text.assemble((self.name, "bold"), " ", (self.verdict.value, style)))
        if self.reply and not (self.differences and self.verdict is ReplayResult.UPDATED):
            _show_reply(self.reply, console)
        for line in self.differences:
            console.print(Text(line, style="green" if line.startswith("+") else "red" if line.startswith("-") else ""))


def _show_reply(reply: Reply, console: Console) -> None:
    for issue in reply.body.get("issue", ()):
        console.print(Text(f"HTTP {reply.status}: {issue.get('details', {}).get('text', '')}", style="yellow"))
    disposition = assessment(reply.body).get("disposition")
    if disposition:
        console.print(Text(f"disposition: {disposition}"))
    for card in reply.body.get("cards", ()):
        colour = _COLOUR.get(card["indicator"], "white")
        shown: list[RenderableType] = [Text(card["summary"], style="bold"), Text(), Markdown(card.get("detail", ""))]
        shown += [Text(f"[ {item['label']} ]", style="cyan") for item in card.get("suggestions", ())]
        console.print(Panel(Group(*shown), title=card["indicator"], title_align="left", border_style=colour))


def assessment(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The assessment in a response's extension; empty if there is none."""
    found = body.get("extension", {}).get(EXTENSION, {})
    return found if isinstance(found, dict) else {}


def golden(reply: Reply, base: str) -> dict[str, Any]:
    """What an expected file keeps of a reply: status, cards, and the assessment without rules that were silent.

    The service's own address, `base`, is left out of its links: it differs from place to place.
    """
    kept = dict(assessment(reply.body))
    if "findings" in kept:
        kept["findings"] = [row for row in kept["findings"] if row["status"] in ("met", "unknown", "error")]
    body = {"cards": reply.body["cards"]} if "cards" in reply.body else dict(reply.body)
    whole = {"status": reply.status, **body} | ({"assessment": kept} if kept else {})
    found: dict[str, Any] = json.loads(json.dumps(whole).replace(base, ""))
    return found


def as_text(value: Mapping[str, Any]) -> str:
    """JSON as it lies in an expected file."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def differences(expected: str, actual: str, name: str) -> tuple[str, ...]:
    """A unified diff of two expected files; empty if they are the same."""
    lines = difflib.unified_diff(
        expected.splitlines(), actual.splitlines(), f"expected {name}", f"actual {name}", lineterm=""
    )
    return tuple(lines)
