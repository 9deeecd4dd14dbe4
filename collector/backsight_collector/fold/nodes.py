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

from backsight.contract import (
    CUT_TAG,
    ELEMENTS,
    FLAG_DETACHED,
    MAX_ATTRIBUTE_VALUES,
    MAX_CONTEXTS,
    NODES,
    id64,
)
from backsight_collector.fold.attributes import AttributeBound, Attributes
from backsight_collector.fold.known import MASK, KnownIds, fingerprint, signed
from backsight_collector.fold.room import Room, weight
from backsight_collector.wire import Element, KnownElement

log = logging.getLogger(__name__)

MEMO_BYTES: Final = 200_000_000
"""What the elements and nodes kept by content may take, roughly; all are let go when it is passed."""
_ENTRY_BYTES: Final = 400
_POSITIONS: Final = ["child_index", "child_last", "type_index", "type_last", "flags"]

ElementEntry = tuple[int, tuple[tuple[str, str], ...]]
NodeKey = tuple[int | None, int, int, int, int, int, int]
_CUT: Final = Element(CUT_TAG)


class Contexts:
    """The elements and nodes of all sites; rows not stored yet gather until `take`.

    `collisions` counts ids that stand for two different things; the first one keeps it.
    """

    def __init__(self, max_values: int = MAX_ATTRIBUTE_VALUES, max_contexts: int = MAX_CONTEXTS) -> None:
        self.collisions = 0
        self._max_values, self._max_contexts = max_values, max_contexts
        self._memo_bytes = 0
        self._sites: dict[str, SiteContexts] = {}

    def site(self, name: str) -> SiteContexts:
        found = self._sites.get(name)
        if found is None:
            bound = AttributeBound(name, self._max_values)
            found = self._sites[name] = SiteContexts(name, bound, Room(self._max_contexts), self)
        return found

    def withheld(self) -> dict[str, dict[str, str]]:
        """By site: the attributes past their limit, and what follows."""
        return {name: dict(site.bound.withheld) for name, site in self._sites.items() if site.bound.withheld}

    def cut(self) -> dict[str, tuple[int, str]]:
        """By site: how many events had their context cut since the committer's start, and why in words."""
        rooms = {name: site.room for name, site in self._sites.items()}
        return {name: (room.cut_events, room.consequence) for name, room in rooms.items() if room.consequence}

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

    def __init__(self, site: str, bound: AttributeBound, room: Room, owner: Contexts) -> None:
        self.bound, self.room = bound, room
        self._site, self._owner = site, owner
        self._elements, self._nodes = KnownIds(), KnownIds()
        self._element_memo: dict[KnownElement | tuple[object, ...], ElementEntry] = {}
        self._node_memo: dict[NodeKey, int] = {}
        self._new_elements: list[tuple[object, ...]] = []
        self._new_nodes: list[tuple[object, ...]] = []
        self._generation = bound.generation

    def load_elements(self, rows: pa.Table) -> None:
        attributes = rows["attributes"].combine_chunks()
        self.bound.load(_distinct_pairs(attributes))
        pairs = attributes.to_pylist()
        columns = zip(rows["tag"].to_pylist(), rows["namespace"].to_pylist(), pairs, strict=True)
        checks = [_element_check(tag, namespace, tuple(pairs)) for tag, namespace, pairs in columns]
        self._elements.extend(rows["element_id"].to_numpy(), np.array(checks, np.int64))
        self.room.load(np.array([weight(each) for each in pairs], np.int64), _first_seen(rows))

    def load_nodes(self, rows: pa.Table) -> None:
        self._nodes.extend(rows["node_id"].to_numpy(), _node_checks(rows))
        self.room.load(np.ones(rows.num_rows, np.int64), _first_seen(rows))

    def element(self, element: Element, received_at: int) -> ElementEntry | None:
        """The element's id, and which of its attributes were withheld; None for a new one past the limit."""
        key = element if type(element) is KnownElement else (element.tag, element.ns, *element.attrs.items())
        entry = self._element_memo.get(key)
        if entry is None:
            entry = self._describe(element, received_at)
            if entry is None:
                return None
            if self._generation != self.bound.generation:
                self._generation = self.bound.generation
                self._element_memo.clear()
            else:
                self._owner.weigh(sum(len(name) + len(value or "") for name, value in element.attrs.items()))
                self._element_memo[key] = entry
        return entry

    def node(self, key: NodeKey, depth: int, received_at: int) -> int | None:
        """The id of the node (parent id, element id, four positions, flags); None for a new one past the
        limit."""
        node_id = self._node_memo.get(key)
        if node_id is None:
            node_id = self._identify(key, depth, received_at)
            if node_id is not None:
                self._owner.weigh()
                self._node_memo[key] = node_id
        return node_id

    def cut(self, parent_id: int | None, depth: int, received_at: int) -> int:
        """The id of the node that stands for all below a parent for which there is no room. Of these there
        are no more than of others: they need none."""
        element_id = id64("element", _CUT.tag, _CUT.ns)
        if not self._is_known(
            self._elements, "element", element_id, check := _element_check(_CUT.tag, _CUT.ns, ())
        ):
            self._elements.add(element_id, check)
            self._new_elements.append((self._site, element_id, _CUT.tag, _CUT.ns, (), received_at))
        key = (parent_id, element_id, 0, 0, 0, 0, FLAG_DETACHED if parent_id is None else 0)
        node_id = id64("node", *key)
        if not self._is_known(self._nodes, "node", node_id, node_check := _node_check(key)):
            self._add_node(node_id, node_check, key, depth, received_at)
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

    def _describe(self, element: Element, received_at: int) -> ElementEntry | None:
        tag, namespace = element.tag, element.ns
        most = weight(tuple(element.attrs.items()))
        if not self.room.fits(most, received_at) and not self.bound.knows(element.attrs):
            self.room.refuse()
            return None
        kept, withheld = self.bound.describe(element.attrs)
        element_id, check = (
            id64("element", tag, namespace, *_flat(kept)),
            _element_check(tag, namespace, kept),
        )
        if not self._is_known(self._elements, "element", element_id, check):
            if not self.room.take(weight(kept), received_at):
                return None
            self._elements.add(element_id, check)
            self._new_elements.append((self._site, element_id, tag, namespace, kept, received_at))
        return element_id, withheld

    def _identify(self, key: NodeKey, depth: int, received_at: int) -> int | None:
        node_id, check = id64("node", *key), _node_check(key)
        if not self._is_known(self._nodes, "node", node_id, check):
            if not self.room.take(1, received_at):
                return None
            self._add_node(node_id, check, key, depth, received_at)
        return node_id

    def _add_node(self, node_id: int, check: int, key: NodeKey, depth: int, received_at: int) -> None:
        self._nodes.add(node_id, check)
        self._new_nodes.append((self._site, node_id, key[0], key[1], depth, *key[2:], received_at))

    def _is_known(self, known: KnownIds, kind: str, key: int, check: int) -> bool:
        found = known.check(key)
        if found is not None and found != check:
            self._owner.collide(kind, self._site, key)
        return found is not None


def _first_seen(rows: pa.Table) -> Any:
    return rows["first_seen"].cast(pa.int64()).to_numpy()


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
