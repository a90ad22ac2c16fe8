"""A client of the service as an EHR would be: it keeps a session's drafts and a store, and applies what it is offered."""

from copy import deepcopy
from typing import Any

import msgspec

from cds_service.cards.assessment import EXTENSION
from cds_service.hook import Hook
from cds_service.hooks import read_request
from cds_service.service import Site, respond


class Client:
    """One session: a request that is sent again after each suggestion taken."""

    def __init__(self, request: dict[str, Any], site: Site) -> None:
        self.request = deepcopy(request)
        self._site = site

    def call(self) -> dict[str, Any]:
        """The response as it goes over the wire."""
        asked = read_request(msgspec.json.encode(self.request), tuple(Hook))
        assert asked.as_of is not None
        body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(respond(asked, asked.as_of, self._site).body))
        return body

    def take(self, suggestion: dict[str, Any]) -> None:
        """Applies every action of a suggestion: orders become drafts of the session, tasks go to the store."""
        for action in suggestion["actions"]:
            getattr(self, f"_{action['type']}")(action)

    def _create(self, action: dict[str, Any]) -> None:
        resource = action["resource"]
        if resource["resourceType"] == "Task":
            self.request["prefetch"].setdefault("tasks", {"resourceType": "Bundle", "entry": []})
            self.request["prefetch"]["tasks"]["entry"].append({"resource": resource})
        else:
            self._drafts.append({"resource": resource})

    def _update(self, action: dict[str, Any]) -> None:
        new = action["resource"]
        [entry] = [item for item in self._drafts if item["resource"].get("id") == new["id"]]
        entry["resource"] = new

    def _delete(self, action: dict[str, Any]) -> None:
        before = len(self._drafts)
        self._drafts[:] = [item for item in self._drafts if self._reference(item["resource"]) != action["resourceId"]]
        assert len(self._drafts) == before - 1

    @property
    def _drafts(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.request["context"]["draftOrders"]["entry"]
        return entries

    @staticmethod
    def _reference(resource: dict[str, Any]) -> str:
        return f"{resource['resourceType']}/{resource.get('id')}"


def findings(body: dict[str, Any]) -> set[tuple[str, ...]]:
    """What a response found, without its words: rule, effect and indicator of what is met, rule of what is unknown."""
    rows = body["extension"][EXTENSION]["findings"]
    return {
        (row["rule"], row["status"], row.get("effect", ""), row.get("indicator", ""))
        for row in rows
        if row["status"] in ("met", "unknown", "error")
    }


def suggestions(body: dict[str, Any]) -> list[dict[str, Any]]:
    """All suggestions of a response, in the order of its cards."""
    return [item for card in body["cards"] for item in card.get("suggestions", ())]
