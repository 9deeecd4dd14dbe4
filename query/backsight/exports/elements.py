"""Nodes as text: what a reader without a trie can use of the element that an event happened to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from backsight.contract import MAX_DEPTH
from backsight.reports.explain.elements import selector_of
from backsight.trie import Trie

ORDINALS: Final = ("child_index", "child_last", "type_index", "type_last")
KEPT: Final = 20_000
"""Nodes whose text is remembered."""


class Element(NamedTuple):
    """The target itself, the way to it as a selector, and its whole chain as JSON, the target first."""

    tag: str
    identifier: str | None
    classes: str | None
    selector: str
    chain: str


COLUMNS: Final = pa.schema(
    [
        pa.field("target_tag", pa.string()),
        pa.field("target_id", pa.string()),
        pa.field("target_class", pa.string()),
        pa.field("selector", pa.string()),
        pa.field("elements", pa.string()),
    ]
)


class Described:
    """The nodes of a trie, described on demand."""

    def __init__(self, trie: Trie) -> None:
        self._nodes, self._elements = trie.parts
        self._kept: dict[int, Element | None] = {}

    def columns(self, node_ids: pa.Array) -> list[pa.Array]:
        """COLUMNS of some nodes; null where there is no node, or it is not known."""
        encoded = node_ids.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        found = self._of(distinct)
        rows = list(zip(*(found[node] or (None,) * len(COLUMNS) for node in distinct), strict=True))
        rows = rows or [()] * len(COLUMNS)
        return [pa.array(column, pa.string()).take(encoded.indices) for column in rows]

    def _of(self, node_ids: Iterable[int]) -> dict[int, Element | None]:
        if len(self._kept) > KEPT:
            self._kept.clear()
        for node in node_ids:
            if node not in self._kept:
                self._kept[node] = self._describe(node)
        return self._kept

    def _describe(self, node_id: int) -> Element | None:
        at = int(self._nodes.index.find(np.array([node_id], np.int64))[0])
        chain: list[dict[str, Any]] = []
        while at >= 0 and len(chain) <= MAX_DEPTH:
            chain.append(self._entry(at))
            at = int(self._nodes.parent[at])
        if not chain:
            return None
        target = chain[0]
        attributes = target["attributes"]
        way = " > ".join(_step(each) for each in reversed(chain))
        text = json.dumps(chain, ensure_ascii=False, separators=(",", ":"))
        return Element(target["tag"], attributes.get("id"), attributes.get("class"), way, text)

    def _entry(self, at: int) -> dict[str, Any]:
        rows = self._nodes.rows
        entry = dict(self._element(int(self._nodes.element[at])))
        numbers = (int(number) for number in rows.numbers[:, at])
        entry |= dict(zip(ORDINALS, numbers, strict=True))
        return {**entry, "flags": int(rows.flags[at])}

    def _element(self, at: int) -> dict[str, Any]:
        for block in self._elements.blocks:
            if at < block.size:
                row = block.table.slice(at, 1).select(["tag", "namespace", "attributes"]).to_pylist()[0]
                return {**row, "attributes": dict(row["attributes"] or ())}
            at -= block.size
        raise IndexError(at)


def _step(entry: dict[str, Any]) -> str:
    """One element of the way: where it stands, unless its id or classes say which it is."""
    named = selector_of(entry["tag"], entry["attributes"])
    is_plain = not (entry["attributes"].get("id") or entry["attributes"].get("class"))
    place = entry["type_index"]
    return f"{named}:nth-of-type({place})" if is_plain and place > 1 else named
