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
