"""A danger is a kind of trouble that an entry of a chart may belong to, though no value set has it: see README, "Families of danger"."""

from msgspec import Struct


class Danger(Struct, frozen=True):
    """One family that an entry belongs to, and why: `code` is the code that says so, empty where words do.

    `listed` is zero for the family as such, else the number of that list of it which weighs less.
    """

    family: str
    listed: int = 0
    code: str = ""
