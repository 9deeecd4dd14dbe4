"""Gives elements and nodes their ids, and finds which of them the lake does not hold yet.

An id is a hash of what it stands for, and a node's covers its parent's id: so collectors and restarts agree
without asking each other, and pages share the contexts that they have in common. Adding a row twice is
harmless; rows are therefore kept apart from the journal's positions, and only their ids decide.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backsight.contract import ELEMENTS, MAX_ATTRIBUTE_VALUES, NODES, id64
from backsight_collector.fold.attributes import AttributeBound, Attributes
from backsight_collector.fold.known import MASK, KnownIds, fingerprint, signed
from backsight_collector.wire import Batch, Element

log = logging.getLogger(__name__)

MEMO_BYTES: Final = 200_000_000
"""What the elements and nodes kept by content may take, roughly; all are let go when it is passed."""
_ENTRY_BYTES: Final = 400
_POSITIONS: Final = ["child_index", "child_last", "type_index", "type_last", "flags"]

ElementEntry = tuple[int, tuple[tuple[str, str], ...]]
NodeKey = tuple[int | None, int, int, int, int, int, int]


class Contexts:
    """The elements and nodes of all sites; rows not stored yet gather until `take`.

    `collisions` counts ids that stand for two different things; the first one keeps it.
    """

    def __init__(self, max_values: int = MAX_ATTRIBUTE_VALUES) -> None:
        self.collisions = 0
        self._max_values = max_values
        self._memo_bytes = 0
        self._sites: dict[str, SiteContexts] = {}

    def site(self, name: str) -> SiteContexts:
        found = self._sites.get(name)
        if found is None:
            found = self._sites[name] = SiteContexts(name, AttributeBound(name, self._max_values), self)
        return found

    def withheld(self) -> dict[str, dict[str, str]]:
        """By site: the attributes past their limit, and what follows."""
        return {name: dict(site.bound.withheld) for name, site in self._sites.items() if site.bound.withheld}

    def load_elements(self, rows: pa.Table) -> None:
        """Takes note of stored rows, all of one site."""
        if rows.num_rows:
            self.site(rows["site"][0].as_py()).load_elements(rows)

    def load_nodes(self, rows: pa.Table) -> None:
        """Takes note of stored rows, all of one site."""
        if rows.num_rows:
            self.site(rows["site"][0].as_py()).load_nodes(rows)

    def take(self) -> tuple[pa.Table, pa.Table]:
        """The new rows of `elements` and `nodes` since the last call."""
        elements = [row for site in self._sites.values() for row in site.take_elements()]
        nodes = [row for site in self._sites.values() for row in site.take_nodes()]
        return _table(elements, ELEMENTS), _table(nodes, NODES)

    def weigh(self, characters: int = 0) -> None:
        """Accounts for one more entry that a site keeps by content."""
        self._memo_bytes += _ENTRY_BYTES + 2 * characters
        if self._memo_bytes > MEMO_BYTES:
            self._memo_bytes = 0
            for site in self._sites.values():
                site.forget_contents()

    def collide(self, kind: str, site: str, key: int) -> None:
        self.collisions += 1
        log.error("site %s: two different %ss have the id %d; the first keeps it", site, kind, key)


class SiteContexts:
    """The elements and nodes of one site."""

    def __init__(self, site: str, bound: AttributeBound, owner: Contexts) -> None:
        self.bound = bound
        self._site, self._owner = site, owner
        self._elements, self._nodes = KnownIds(), KnownIds()
        self._element_memo: dict[tuple[object, ...], ElementEntry] = {}
        self._node_memo: dict[NodeKey, int] = {}
        self._new_elements: list[tuple[object, ...]] = []
        self._new_nodes: list[tuple[object, ...]] = []
        self._generation = bound.generation

    def load_elements(self, rows: pa.Table) -> None:
        attributes = rows["attributes"].combine_chunks()
        self.bound.load(_distinct_pairs(attributes))
        columns = zip(
            rows["tag"].to_pylist(), rows["namespace"].to_pylist(), attributes.to_pylist(), strict=True
        )
        checks = [_element_check(tag, namespace, tuple(pairs)) for tag, namespace, pairs in columns]
        self._elements.extend(rows["element_id"].to_numpy(), np.array(checks, np.int64))

    def load_nodes(self, rows: pa.Table) -> None:
        self._nodes.extend(rows["node_id"].to_numpy(), _node_checks(rows))

    def element(self, element: Element, received_at: int) -> ElementEntry:
        """The element's id, and which of its attributes were withheld."""
        key = (element.tag, element.ns, *element.attrs.items())
        entry = self._element_memo.get(key)
        if entry is None:
            entry = self._describe(element, received_at)
            if self._generation != self.bound.generation:
                self._generation = self.bound.generation
                self._element_memo.clear()
            else:
                self._owner.weigh(sum(len(name) + len(value or "") for name, value in element.attrs.items()))
                self._element_memo[key] = entry
        return entry

    def node(self, key: NodeKey, depth: int, received_at: int) -> int:
        """The id of the node (parent id, element id, four positions, flags)."""
        node_id = self._node_memo.get(key)
        if node_id is None:
            node_id = self._identify(key, depth, received_at)
            self._owner.weigh()
            self._node_memo[key] = node_id
        return node_id

    def forget_contents(self) -> None:
        """Ids stay known; only their contents are hashed again when they come again."""
        self._element_memo.clear()
        self._node_memo.clear()

    def take_elements(self) -> list[tuple[object, ...]]:
        rows, self._new_elements = self._new_elements, []
        return rows

    def take_nodes(self) -> list[tuple[object, ...]]:
        rows, self._new_nodes = self._new_nodes, []
        return rows

    def _describe(self, element: Element, received_at: int) -> ElementEntry:
        tag, namespace = element.tag, element.ns
        kept, withheld = self.bound.describe(element.attrs)
        element_id = id64("element", tag, namespace, *_flat(kept))
        if self._is_new(self._elements, "element", element_id, _element_check(tag, namespace, kept)):
            self._new_elements.append((self._site, element_id, tag, namespace, kept, received_at))
        return element_id, withheld

    def _identify(self, key: NodeKey, depth: int, received_at: int) -> int:
        node_id = id64("node", *key)
        if self._is_new(self._nodes, "node", node_id, _node_check(key)):
            self._new_nodes.append((self._site, node_id, key[0], key[1], depth, *key[2:], received_at))
        return node_id

    def _is_new(self, known: KnownIds, kind: str, key: int, check: int) -> bool:
        found = known.check(key)
        if found is None:
            known.add(key, check)
        elif found != check:
            self._owner.collide(kind, self._site, key)
        return found is None


class BatchNodes:
    """The node ids of one batch, computed for what its events refer to and for nothing else."""

    def __init__(self, contexts: SiteContexts, batch: Batch, received_at: int) -> None:
        self._contexts, self._received_at = contexts, received_at
        self._nodes, self._elements = batch.nodes, batch.elements
        self._found: list[tuple[int, int, ElementEntry] | None] = [None] * len(batch.nodes)

    def node_id(self, index: int) -> int:
        """The id of the node at `index` of the batch's table."""
        found = self._found[index]
        return found[0] if found is not None else self._resolve(index)

    def withheld(self, index: int) -> tuple[tuple[str, str], ...]:
        """The values that the node's own element has lost to the limit; asked after `node_id`."""
        found = self._found[index]
        return found[2][1] if found is not None else ()

    def _resolve(self, index: int) -> int:
        chain = [index]
        while (index := self._nodes[index].parent) >= 0 and self._found[index] is None:
            chain.append(index)
        node_id, depth = None, -1
        if index >= 0 and (found := self._found[index]) is not None:
            node_id, depth = found[0], found[1]
        for place in reversed(chain):
            depth += 1
            node_id = self._place(place, node_id, depth)
        assert node_id is not None  # noqa: S101  # mypy: the chain holds at least `index`
        return node_id

    def _place(self, place: int, parent_id: int | None, depth: int) -> int:
        node = self._nodes[place]
        entry = self._contexts.element(self._elements[node.element], self._received_at)
        key = (
            parent_id,
            entry[0],
            node.child_index,
            node.child_last,
            node.type_index,
            node.type_last,
            node.flags,
        )
        node_id = self._contexts.node(key, depth, self._received_at)
        self._found[place] = node_id, depth, entry
        return node_id


def _flat(attributes: Attributes) -> Iterable[str | None]:
    return (part for pair in attributes for part in pair)


def _element_check(tag: str, namespace: str, attributes: Attributes) -> int:
    return id64("element check", tag, namespace, *_flat(attributes))


def _node_check(key: NodeKey) -> int:
    parent_id, *rest = key
    return signed(fingerprint((parent_id or 0) & MASK, parent_id is None, *(part & MASK for part in rest)))


def _node_checks(rows: pa.Table) -> Any:
    parents = rows["parent_id"].combine_chunks()
    columns = [parents.fill_null(0), parents.is_null().cast(pa.int64())]
    columns += [rows[name].cast(pa.int64()) for name in ["element_id", *_POSITIONS]]
    return fingerprint(*(column.to_numpy().view(np.uint64) for column in columns)).view(np.int64)


def _distinct_pairs(attributes: pa.MapArray) -> list[tuple[str, str | None]]:
    pairs = pa.table({"name": attributes.keys, "value": attributes.items})
    distinct = pairs.group_by(["name", "value"]).aggregate([])
    return list(zip(distinct["name"].to_pylist(), distinct["value"].to_pylist(), strict=True))


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[]] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
