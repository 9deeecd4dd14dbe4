"""A site's distinct elements, indexed by tag, attribute and word: a compound is tested once an element."""

from __future__ import annotations

from functools import reduce
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from backsight.selectors.ids import Ids, Ints, Mask, Positions
from backsight.selectors.syntax import Attribute, Class, Compound, Id, NoNamespace, Tag
from backsight.selectors.values import Values

CASE_IGNORED: Final = frozenset(
    "accept accept-charset align alink axis bgcolor charset checked clear codetype color compact declare "
    "defer dir direction disabled enctype face frame hreflang http-equiv lang language link media method "
    "multiple nohref noresize noshade nowrap readonly rel rev rules scope scrolling selected shape target "
    "text type valign valuetype vlink".split()
)
"""Attributes whose values HTML compares without regard to case, on HTML elements.

https://html.spec.whatwg.org/multipage/semantics-other.html#case-sensitivity-of-selectors
"""

ElementTest = Tag | NoNamespace | Id | Class | Attribute
COLUMNS: Final = ("element_id", "tag", "namespace", "attributes")


class Column:
    """One attribute over the elements of a block: who has it, with which value."""

    def __init__(self, owners: Positions, codes: Positions, values: pa.StringArray) -> None:
        """`codes` are positions in `values`, -1 for a value that was withheld."""
        self.owners = owners
        self.withheld = bool((codes < 0).any())
        kept = codes >= 0
        self._valued = owners[kept]
        used, self._codes = np.unique(codes[kept], return_inverse=True)
        self.values = Values(values.take(pa.array(used)))

    def matching(self, test: Attribute, *, ignore_case: bool) -> Positions:
        """The elements whose value passes."""
        passed = self.values.test(test.operator or "=", test.value, ignore_case=ignore_case)
        return self._valued[passed[self._codes]]


class Block:
    """Elements that arrived together; immutable."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table.select(COLUMNS).combine_chunks()
        self.size = len(table)
        self._html = _one(self.table, "namespace", pa.string()).to_numpy(zero_copy_only=False) == "html"
        tags = _one(self.table, "tag", pa.string()).dictionary_encode()
        self._tag_codes = tags.indices.to_numpy()
        self._tags: list[str] = tags.dictionary.to_pylist()
        self.columns = self._columns()
        """Each attribute's column, by its lower-case name."""

    def tag(self, name: str) -> Mask:
        """Elements of a type; Chromium ignores the case of SVG's and MathML's names too in HTML pages."""
        exact = np.array([tag == name for tag in self._tags], np.bool_)
        folded = np.array([tag.lower() == name for tag in self._tags], np.bool_)
        return np.where(self._html, _take(exact, self._tag_codes), _take(folded, self._tag_codes))

    def attribute(self, test: Attribute) -> Mask:
        """Elements that pass an attribute test."""
        found = np.zeros(self.size, np.bool_)
        column = self.columns.get(test.name)
        if column is None:
            return found
        if test.operator is None:
            found[column.owners] = True
            return found
        found[column.matching(test, ignore_case=test.flag == "i")] = True
        if test.flag is None and test.name in CASE_IGNORED:
            loose = column.matching(test, ignore_case=True)
            found[loose[self._html[loose]]] = True
        return found

    def _columns(self) -> dict[str, Column]:
        attributes = _one(self.table, "attributes", pa.map_(pa.string(), pa.string()))
        owners = np.repeat(np.arange(self.size, dtype=np.int32), np.diff(attributes.offsets.to_numpy()))
        names, values = attributes.keys.dictionary_encode(), attributes.items.dictionary_encode()
        codes = values.indices.fill_null(-1).to_numpy().astype(np.int32)
        written: list[str] = names.dictionary.to_pylist()
        by_name = np.argsort(names.indices.to_numpy(), kind="stable")
        starts = np.cumsum([0, *np.bincount(names.indices.to_numpy(), minlength=len(written))])
        groups: dict[str, list[np.ndarray]] = {}
        for name, start, end in zip(written, starts, starts[1:], strict=False):
            groups.setdefault(name.lower(), []).append(self._named(name, by_name[start:end], owners))
        entries_of = {name: np.concatenate(parts) for name, parts in groups.items()}
        return {name: Column(owners[at], codes[at], values.dictionary) for name, at in entries_of.items()}

    def _named(self, name: str, entries: np.ndarray, owners: Positions) -> np.ndarray:
        # For HTML elements a selector's attribute name is lower-cased, and so can't find this one.
        return entries if name == name.lower() else entries[~self._html[owners[entries]]]


class Elements:
    """All elements of a site, as blocks; extending gives a new value and leaves this one as it was."""

    def __init__(self, blocks: tuple[Block, ...] = (), index: Ids | None = None) -> None:
        self.blocks, self._index = blocks, index or Ids.empty()
        self.size = sum(block.size for block in blocks)

    def extended(self, table: pa.Table) -> Elements:
        """With the table's elements that are new. Blocks double in size, so that there are few."""
        ids: Ints = _one(table, "element_id", pa.int64()).to_numpy()
        fresh = self._index.fresh(ids)
        if not len(fresh):
            return self
        blocks, added = list(self.blocks), table.select(COLUMNS).take(pa.array(fresh))
        while blocks and blocks[-1].size < 2 * len(added):
            added = pa.concat_tables([blocks.pop().table, added])
        return Elements((*blocks, Block(added)), self._index.extended(ids[fresh]))

    def find(self, element_ids: Ints) -> Positions:
        """Positions of elements by id; -1 for those not known."""
        return self._index.find(element_ids)

    def matching(self, compound: Compound, *, quirks: bool) -> Mask:
        """Elements of which every part of the compound holds that can be told from an element alone."""
        tests = [simple for simple in compound.simples if isinstance(simple, ElementTest)]
        return reduce(np.logical_and, [self.test(test, quirks=quirks) for test in tests], _ones(self.size))

    def test(self, test: ElementTest, *, quirks: bool) -> Mask:
        """Elements that pass one test; in quirks mode ids and classes ignore ASCII case."""
        if isinstance(test, NoNamespace) or not self.blocks:
            return np.zeros(self.size, np.bool_)
        if isinstance(test, Tag):
            return np.concatenate([block.tag(test.name) for block in self.blocks])
        wanted = as_attribute(test, quirks=quirks)
        return np.concatenate([block.attribute(wanted) for block in self.blocks])

    def described(self, positions: Positions) -> tuple[list[str], list[list[tuple[str, str | None]]]]:
        """The tag and the attributes of each."""
        if not len(positions):
            return [], []
        tables = pa.concat_tables([block.table for block in self.blocks]).select(["tag", "attributes"])
        rows = tables.take(pa.array(positions))
        return rows["tag"].to_pylist(), rows["attributes"].to_pylist()

    def withheld(self, name: str) -> bool:
        """Whether some element has the attribute with a value that was not kept."""
        return any(name in block.columns and block.columns[name].withheld for block in self.blocks)


def as_attribute(test: Id | Class | Attribute, *, quirks: bool = False) -> Attribute:
    """The attribute test that an id or a class selector stands for."""
    if isinstance(test, Attribute):
        return test
    flag: Literal["i", "s"] = "i" if quirks else "s"
    if isinstance(test, Id):
        return Attribute("id", "=", test.name, flag)
    return Attribute("class", "~=", test.name, flag)


def _one(table: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    """A column as one array, whatever chunks or dictionaries it came in."""
    column = table.column(name).combine_chunks()
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return array if array.type == kind else array.cast(kind)


def _take(truths: Mask, codes: Positions) -> Mask:
    return truths[codes] if len(truths) else np.zeros(len(codes), np.bool_)


def _ones(size: int) -> Mask:
    return np.ones(size, np.bool_)
