"""What became of everything that a chart brought, in one line for the page's summary."""

from collections import Counter

from cds_service.chart.intake import End, Intake

_SAYS = {
    End.READ: "read",
    End.OF_NO_CONCERN: "of no concern",
    End.PARTLY_READ: "read in part",
    End.SUPERSEDED: "superseded",
    End.ANOTHERS: "another patient's",
    End.NOT_UNDERSTOOD: "not understood",
}


def sentence(found: Intake) -> str:
    """Such as `24 arrived: 20 read, 3 of no concern, 1 not understood`; empty if nothing arrived."""
    ends: Counter[End] = Counter()
    for counts in found.counts.values():
        ends.update(counts)
    told = ", ".join(f"{ends[end]} {says}" for end, says in _SAYS.items() if ends[end])
    return f"{ends.total()} arrived: {told}" if told else ""
