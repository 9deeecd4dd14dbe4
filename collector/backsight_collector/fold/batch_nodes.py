"""The nodes of one batch: ids for what its events refer to, cut where the site has no room for more.

Each node's id covers its parent's, so they are found from the root down. Where one is cut, all below it are
the same node (see room.py).
"""

from __future__ import annotations

from backsight_collector.fold.attributes import captured
from backsight_collector.fold.nodes import SiteContexts
from backsight_collector.wire import Batch

Withheld = tuple[tuple[str, str], ...]
Found = tuple[int, int, Withheld, bool]
"""A node's id, its depth, what its own element has lost to limits, and whether it was cut."""


class BatchNodes:
    """Computed for what its events refer to and for nothing else."""

    def __init__(self, contexts: SiteContexts, batch: Batch, received_at: int) -> None:
        self._contexts, self._received_at = contexts, received_at
        self._nodes, self._elements = batch.nodes, batch.elements
        self._found: list[Found | None] = [None] * len(batch.nodes)

    def node_id(self, index: int) -> int:
        """The id of the node at `index` of the batch's table; asked once for each event."""
        found = self._found[index] or self._resolve(index)
        if found[3]:
            self._contexts.room.cut_events += 1
        return found[0]

    def withheld(self, index: int) -> Withheld:
        """The values that the node's own element has lost to limits; asked after `node_id`."""
        found = self._found[index]
        return found[2] if found is not None else ()

    def _resolve(self, index: int) -> Found:
        chain = [index]
        while (index := self._nodes[index].parent) >= 0 and self._found[index] is None:
            chain.append(index)
        above = self._found[index] if index >= 0 else None
        for place in reversed(chain):
            above = self._found[place] = self._place(place, above)
        assert above is not None  # noqa: S101  # mypy: the chain holds at least `index`
        return above

    def _place(self, place: int, above: Found | None) -> Found:
        node = self._nodes[place]
        element = self._elements[node.element]
        if above is not None and above[3]:
            return above[0], above[1], captured(element.attrs), True
        parent_id, depth = (above[0], above[1] + 1) if above is not None else (None, 0)
        entry = self._contexts.element(element, self._received_at)
        if entry is not None:
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
            if node_id is not None:
                return node_id, depth, entry[1], False
        cut = self._contexts.cut(parent_id, depth, self._received_at)
        return cut, depth, captured(element.attrs), True
