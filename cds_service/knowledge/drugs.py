"""The drugs that rules speak of: which ingredient a code, a product or a name stands for."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from cds_service.chart import Basis
from cds_service.digest_cache import digest_cached
from cds_service.knowledge.drug_names import DrugNames, plain
from cds_service.knowledge.systems import bare

_CLASSIFYING = ("rxnorm", "atc")
_FLUSHED = frozenset(("unfractionated-heparin", "low-molecular-weight-heparin", "thrombolytic"))
_ANTITHROMBOTIC_ATC = "B01A"


class Form(StrEnum):
    """Where a product acts; a code without a form counts as systemic unless the words around it say otherwise."""

    SYSTEMIC = "systemic"
    UNSPECIFIED = "unspecified"
    FLUSH = "flush"
    TOPICAL = "topical"


class Ingredient(Struct, frozen=True):
    """One substance. An unspecific one (`another low-molecular-weight heparin`) stands for a class without naming its member."""

    slug: str
    name: str
    drug_class: str
    atc: tuple[str, ...] = ()
    unspecific: bool = False

    def covers(self, other: "Ingredient") -> bool:
        """Whether this unspecific ingredient is what the other one names."""
        above = tuple(code.removesuffix("-") for code in self.atc if code.endswith("-"))
        return self.drug_class == other.drug_class or any(code.startswith(above) for code in other.atc if above)


class Identified(Struct, frozen=True):
    """What a drug is: its ingredients of ours, each with how it was found.

    `known` is false if nothing tells what it is; `form` is what a product code says of where it acts.
    """

    found: tuple[tuple[Ingredient, Basis], ...] = ()
    known: bool = True
    form: Form = Form.UNSPECIFIED


class Guards(Struct, frozen=True):
    """Wording under which a drug of ours does not act on the whole body."""

    flush: tuple[re.Pattern[str], ...]
    flush_instruction: tuple[re.Pattern[str], ...]
    topical: tuple[re.Pattern[str], ...]


class DrugTable:
    """Ingredients by code and by name; built once at start. Codes are given as pairs of system key and code.

    `products` holds, by RxCUI, the slugs and the form of each RxNorm product, brand or component with an ingredient of ours.
    """

    def __init__(
        self,
        ingredients: Mapping[str, Ingredient],
        codes: Mapping[tuple[str, str], frozenset[str]],
        products: Mapping[str, tuple[frozenset[str], Form]],
        names: DrugNames,
        guards: Guards,
    ) -> None:
        self.ingredients = ingredients
        self._codes = codes
        self.products = products
        self._names = names
        self._guards = guards
        self._identified = digest_cached(16384)(self._identify)
        self._where = digest_cached(16384)(self._form)

    @property
    def names(self) -> Iterator[str]:
        """Every name of a drug, ours or not, as it is compared."""
        return self._names.all

    @property
    def harmless(self) -> tuple[re.Pattern[str], ...]:
        """The ends of names of classes of which no rule speaks."""
        return self._names.harmless

    def of_code(self, system: str, code: str) -> frozenset[str]:
        """The slugs of an ingredient's own code; of an ATC code the longest listed prefix decides."""
        if system != "atc":
            return self._codes.get((system, code), frozenset())
        plain_code = bare(system, code)
        found = self._codes.get((system, plain_code))
        for length in range(len(plain_code), 0, -1):
            found = found or self._codes.get((system, f"{plain_code[:length]}-"))
        return found or frozenset()

    def of_name(self, name: str) -> frozenset[str]:
        """The slugs whose name is exactly this one."""
        return self._names.exactly(name)

    def identify(self, codings: tuple[tuple[str, str], ...], texts: tuple[str, ...]) -> Identified:
        """What one coded or written term stands for.

        Codes and words add up: a code may name only a class, or a brand by one of its ingredients.
        A drug coded in RxNorm or ATC that is none of ours is known to be none; so is one with any drug name we know.
        """
        return self._identified((codings, texts))

    def form(self, ingredient: Ingredient, words: tuple[str, ...], instructions: tuple[str, ...] = ()) -> Form:
        """Where the drug acts, by the words of its name, form and route, and by its instructions; systemic unless they say."""
        return self._where((words, instructions), ingredient)

    def _identify(self, stated: tuple[tuple[tuple[str, str], ...], tuple[str, ...]]) -> Identified:
        codings, texts = stated
        coded: frozenset[str] = frozenset()
        forms = set()
        for system, code in codings:
            coded |= self.of_code(system, code)
            product = self.products.get(code) if system == "rxnorm" else None
            if product:
                coded |= product[0]
                forms.add(product[1])
        form = next((kind for kind in Form if kind in forms and kind is not Form.UNSPECIFIED), Form.UNSPECIFIED)
        named = [self._names.find(text) for text in texts]
        written = frozenset().union(*(item.slugs for item in named))
        known = bool(coded or written or any(item.known for item in named) or any(map(classifies, codings)))
        slugs = self._specified(coded | written)
        return Identified(
            tuple((self.ingredients[slug], Basis.CODE if slug in coded else Basis.NAME) for slug in sorted(slugs)),
            known,
            form,
        )

    def _specified(self, slugs: frozenset[str]) -> frozenset[str]:
        """Without the unspecific ingredients that a specific one names."""
        specific = [self.ingredients[slug] for slug in slugs if not self.ingredients[slug].unspecific]
        return frozenset(
            slug
            for slug in slugs
            if not self.ingredients[slug].unspecific
            or not any(self.ingredients[slug].covers(other) for other in specific)
        )

    def _form(self, written: tuple[tuple[str, ...], tuple[str, ...]], ingredient: Ingredient) -> Form:
        words, instructions = written
        said = [plain(text) for text in words]
        if _any(self._guards.topical, said):
            return Form.TOPICAL
        told = [plain(text) for text in instructions]
        flushes = _any(self._guards.flush, said) or _any(self._guards.flush_instruction, told)
        return Form.FLUSH if flushes and ingredient.drug_class in _FLUSHED else Form.SYSTEMIC


def _any(patterns: tuple[re.Pattern[str], ...], texts: list[str]) -> bool:
    return any(pattern.search(text) for text in texts for pattern in patterns)


def classifies(coding: tuple[str, str]) -> bool:
    """Whether a code outside our tables tells that the drug is none of ours; an ATC code above ours does not."""
    system, code = coding
    return system in _CLASSIFYING and not (system == "atc" and _ANTITHROMBOTIC_ATC.startswith(bare(system, code)))
