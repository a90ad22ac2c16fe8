"""What makes two cards the same: a key over patient, orders, topic and findings that does not change from hook to hook."""

import hmac
import json
from collections.abc import Iterable
from hashlib import sha256

from cds_service.cards.inputs import CardInputs
from cds_service.findings import Result, Topic

CARD_KEY = "org.vertebroplasty-cds.cardKey"


def card_key(material: CardInputs, topic: Topic, results: Iterable[Result]) -> str:
    """The key in hexadecimal. It holds evidence rather than sentences: a sentence may count hours up to now.

    Without the site's own key it can be reproduced by anybody who knows the chart; it is then never stored.
    """
    findings = sorted(map(_finding, results))
    whole = [material.call.patient, sorted(material.order.references), str(topic), findings]
    return hmac.new(material.manner.key, json.dumps(whole).encode(), sha256).hexdigest()


def _finding(item: Result) -> list[str]:
    evidence = item.finding.evidence if item.finding else ()
    shown = sorted([f"{piece.source.reference} {piece.path} {piece.when} {piece.value}" for piece in evidence])
    missing = sorted([f"{gap.section} {gap.reason}" for gap in item.missing])
    return [item.rule.id, str(item.status), str(item.effect), str(item.indicator), *shown, *missing]
