"""Attributes whose values are too many to be kept, or soon will be; and other values that are withheld."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import KEY_ATTRIBUTES, KEY_FACTOR, MAX_ATTRIBUTE_NAMES, MAX_ATTRIBUTE_VALUES
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.results.tables import count
from backsight.trie import Trie

FILLING: Final = 0.5
"""Share of the bound from which on an attribute is on its way to it."""
MOST_TOLD: Final = 20


@dataclass(frozen=True)
class Attribute:
    """An attribute over a site's distinct elements."""

    attribute: str
    values: int
    """Distinct ones that are kept."""
    elements: int
    withheld: int
    """Elements of which the value is not kept: of too many, too long, or masked."""
    most: int
    """Distinct values that are kept at most."""

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {**asdict(self), "exploded": self.exploded, "filling": self.filling}

    @property
    def exploded(self) -> bool:
        """Whether it passed its bound."""
        return self.withheld > 0 and self.values >= self.most

    @property
    def filling(self) -> bool:
        """Whether it is on its way to it."""
        return not self.exploded and self.values >= FILLING * self.most


def attributes_of(trie: Trie) -> list[Attribute]:
    """Each attribute, the one with most values first."""
    _, elements = trie.parts
    maps = [block.table["attributes"].combine_chunks() for block in elements.blocks]
    entries = [pa.table({"name": _flat(each).keys, "value": _flat(each).items}) for each in maps if len(each)]
    if not entries:
        return []
    table = pa.concat_tables(entries)
    null, valid = (pc.CountOptions(mode=mode) for mode in ("only_null", "only_valid"))
    sums = table.group_by("name").aggregate(
        [("value", "count_distinct", valid), ("value", "count", null), ("name", "count")]
    )
    columns = ("name", "value_count_distinct", "name_count", "value_count")
    rows = zip(*(sums[name].to_pylist() for name in columns), strict=True)
    found = [Attribute(name, values, all_, withheld, _most(name)) for name, values, all_, withheld in rows]
    return sorted(found, key=lambda each: (-each.values, each.attribute))


def attributes(asked: Examination) -> Finding:
    """Attributes whose values are withheld, or soon will be."""
    every = attributes_of(asked.context.trie)
    exploded = [each for each in every if each.exploded]
    filling = [each for each in every if each.filling]
    told = [each for each in every if each.withheld or each.filling]
    facts = {"names": len(every), "attributes": [each.to_json() for each in told[:MOST_TOLD]]}
    if len(every) >= MAX_ATTRIBUTE_NAMES:
        words = f"{count(len(every))} names of attributes are in use: new ones are left out of elements."
        stop = "Stop writing attributes whose names are generated."
        return Finding("attributes", "act", words, (stop,), facts)
    if exploded or filling:
        words = " ".join([*map(_past, exploded), *map(_soon, filling)])
        advice = tuple(dict.fromkeys(map(_advice, [*exploded, *filling])))
        return Finding("attributes", "act", words, advice, facts)
    if told:
        named = ", ".join(f"{each.attribute} ({count(each.withheld)})" for each in told[:5])
        words = f"Some values were too long, or masked as personal data, on elements with {named}."
        return Finding("attributes", "know", f"{words} Rules can't test these values.", (), facts)
    return Finding("attributes", "fine", "The values of all attributes are kept.", (), facts)


def _flat(maps: pa.MapArray) -> pa.MapArray:
    """The same, without what lies outside a slice."""
    return maps if maps.offset == 0 else pa.concat_arrays([maps])


def _most(name: str) -> int:
    return MAX_ATTRIBUTE_VALUES * (KEY_FACTOR if name in KEY_ATTRIBUTES else 1)


def _past(each: Attribute) -> str:
    values = f"{each.attribute!r} had more than {count(each.most)} different values"
    kept = "new ones are not kept" if each.attribute in KEY_ATTRIBUTES else "none is kept any more"
    return f"{values}: {kept}, and no rule can test them."


def _soon(each: Attribute) -> str:
    values = f"{each.attribute!r} has {count(each.values)} different values"
    return f"{values}; past {count(each.most)} they are not kept."


def _advice(each: Attribute) -> str:
    if each.attribute in KEY_ATTRIBUTES:
        return (
            f"Name elements by a data- attribute of few values: their {each.attribute} is made by a program."
        )
    return f"Don't write into {each.attribute!r} what never stops changing, such as counters and times."
