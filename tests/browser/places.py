"""Every page of the service, listed once: where it is, and a sentence that each reader finds there, with a script or without."""

from dataclasses import dataclass
from pathlib import Path

ARTIFACTS = Path(__file__).parent.parent.parent / "artifacts"
"""Where pictures of the pages go."""

PERIOD = "from=2024-01-01&to=2024-06-30"
"""The half year of `history`, as an address asks for it."""


@dataclass(frozen=True)
class Place:
    """A page: its name, its address, what it says, the status that it comes with, and whether it is one listed before in another state."""

    name: str
    path: str
    says: str
    status: int = 200
    variant: bool = False


PAGES = [
    Place("workbench", "/", "Not yet"),
    Place(
        "workbench-changed", "/?fixture=active-discitis&without=inflammation", "What your changes change", variant=True
    ),
    Place(
        "workbench-silent",
        "/?fixture=not-our-order",
        "Nothing in this hook is about vertebral augmentation",
        variant=True,
    ),
    Place(
        "workbench-unread",
        "/?fixture=broken-resource-among-good",
        "1 resource could not be read: Condition whose code could not be read",
        variant=True,
    ),
    Place("workbench-aftercare", "/?fixture=discharge-after-vertebroplasty", "No order to judge", variant=True),
    Place("workbench-refused", "/?fixture=conditions-missing", "HTTP 412", variant=True),
    Place("workbench-unknown", "/?fixture=nonesuch", "There is no example named nonesuch", 404, variant=True),
    Place("rules", "/rules", "Antithrombotic inside its hold interval"),
    Place("rules-found", "/rules?q=discitis", "Infection of the spine", variant=True),
    Place("rules-none", "/rules?q=nonesuch", "No rule holds all of these words", variant=True),
    Place("rule", "/rules/inr_above_limit", "Numbers in force"),
    Place("feedback", f"/feedback?{PERIOD}", "Reasons for overriding"),
    Place(
        "feedback-rule",
        f"/feedback?{PERIOD}&rule=antithrombotic_hold",
        "Only cards on which this rule speaks",
        variant=True,
    ),
    Place("feedback-empty", "/feedback?from=2023-01-01&to=2023-02-01", "was shown in this period", variant=True),
    Place("connect", "/connect", "What the client sends"),
    Place("rule-unknown", "/rules/nonesuch", "There is no rule named nonesuch", 404, variant=True),
]
