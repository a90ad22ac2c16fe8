"""Published scenarios: what their authors concluded, what we answer, and why where the two differ."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cds_service.cases import FIXTURES
from cds_service.cli._endpoint import here
from cds_service.cli._outcome import assessment

FILES = sorted((FIXTURES / "scenarios").glob("*.json"))
DOOR = here(datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario(path) -> None:
    """Our disposition is the one that the file states; where it is not the authors', the file says why."""
    scenario: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    reply = DOOR.call(msgspec.json.encode(scenario["request"]))
    found = assessment(reply.body)
    open_rows = [row for row in found["findings"] if row["status"] in ("unknown", "error")]
    assert found["disposition"] == scenario["ourDisposition"], open_rows
    assert (scenario["theirDisposition"] == scenario["ourDisposition"]) != bool(scenario.get("because"))
