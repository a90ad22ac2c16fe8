"""The words in which rules answer: what a finding means, how urgent it is, and what it proposes."""

from enum import StrEnum


class Kind(StrEnum):
    """What a rule's finding means for the procedure; a finding's `effect` is one of these too."""

    INDICATION = "indication"
    NOT_INDICATED = "not-indicated"
    SURGEON_FIRST = "surgeon-first"
    ABSOLUTE = "absolute"
    CORRECTABLE = "correctable"
    RELATIVE = "relative"
    WORKUP = "workup"
    INFORMATION = "information"
    INSUFFICIENT_DATA = "insufficient-data"


class Status(StrEnum):
    """The status of a result."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"


class Indicator(StrEnum):
    """How urgent a card is, in the words of CDS Hooks."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Zero for the most urgent."""
        return _RANK[self]


_RANK = {Indicator.CRITICAL: 0, Indicator.WARNING: 1, Indicator.INFO: 2}


class Topic(StrEnum):
    """The card that a rule speaks on."""

    SUITABILITY = "suitability"
    ANTITHROMBOTICS = "antithrombotics"
    INFECTION = "infection"
    SAFETY = "safety"
    WORKUP = "workup"


class Essential(StrEnum):
    """What the disposition needs of a rule before it may be favourable (rules.md, essential judgements)."""

    NO = "no"
    SUPPLIED = "supplied"
    """Its sections were supplied; a value that was never measured is no obstacle."""
    JUDGED = "judged"
    """It came to met or not-met."""


class Role(StrEnum):
    """What the disposition, the cards and the pages need of one rule or a few, whatever their ids."""

    FRACTURE = "fracture"
    """Shows that a fracture or lesion is on record."""
    ACTIVITY = "activity"
    """Shows on images that the fracture is active."""
    AGE = "age"
    """Shows that the fracture is recent."""
    PAIN = "pain"
    """Shows that the pain is severe enough."""
    CONSERVATIVE_CARE = "conservative-care"
    """Shows that non-surgical care has failed."""
    LESION = "lesion"
    """Shows a lesion that is an indication of its own, whatever its age and activity."""
    SETTLED = "settled"
    """Shows that the fracture is healed or painless: nothing is to be said when the chart is opened."""
    MEASURED_FIRST = "measured-first"
    """Judges a result without which the procedure waits."""
    HOLD = "hold"
    """Judges how long each antithrombotic is held; its findings carry a `HoldPlan`."""
    INTERRUPTION_HAZARD = "interruption-hazard"
    """Shows that interrupting an antithrombotic is itself dangerous: it leads its card and asks for a specialist's agreement."""
    INFECTION_SIGNS = "infection-signs"
    """Shows measured signs of infection: they come after an infection that has a name."""
    PREPARATION = "preparation"
    """Prepares the day, for whoever books it."""
    EVIDENCE_NOTE = "evidence-note"
    """Says what the trials say: a remark where the procedure may go ahead, lest the card reads as praise."""
    NEUROLOGY = "neurology"
    """Judges legs and sphincters: what is not recorded of them is said on every answer that lets the procedure go ahead."""
    BACKGROUND = "background"
    """Says what matters to others, such as who treats the bone or who pays: it stands behind the link, not on the card of an order."""
    PERFORMED = "performed"
    """Shows that the procedure was done in this encounter."""


CRITERIA = (Role.FRACTURE, Role.ACTIVITY, Role.AGE, Role.PAIN, Role.CONSERVATIVE_CARE)
"""The criteria of an ordinary fracture, in the order in which cards list them."""


class Proposal(StrEnum):
    """A next step that a finding proposes; the cards turn it into a suggestion."""

    AGREE_PLAN = "agree-plan"
    CANCEL_ORDER = "cancel-order"
    MOVE_ORDER = "move-order"
    ORDER_MRI = "order-mri"
    ORDER_BONE_SCAN = "order-bone-scan"
    ORDER_INR = "order-inr"
    ORDER_PLATELETS = "order-platelets"
    ORDER_CREATININE = "order-creatinine"
    ORDER_INFECTION_MARKERS = "order-infection-markers"
    ORDER_PREGNANCY_TEST = "order-pregnancy-test"
    REFER_SPINE_SURGERY = "refer-spine-surgery"
    REFER_BONE_HEALTH = "refer-bone-health"
    REFER_HAEMATOLOGY = "refer-haematology"
    REFER_CARDIOLOGY = "refer-cardiology"
