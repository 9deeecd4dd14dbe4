"""What a batch must satisfy beyond its types: references that hold, required fields, bounded nesting."""

from __future__ import annotations

from typing import Any, Final

from backsight.contract import (
    ELEMENT_TYPES,
    MAX_BATCH_EVENTS,
    MAX_BATCH_NODES,
    MAX_BATCH_PAGES,
    MAX_DEPTH,
    MAX_NESTING,
    NAMED_TYPES,
    EventType,
)
from backsight_collector.wire.batch import Batch, Event, Node

REQUIRED: Final[dict[str, str]] = {
    **{member.value: "node" for member in ELEMENT_TYPES},
    **{member.value: "name" for member in NAMED_TYPES},
    EventType.IDENTIFY.value: "user",
    EventType.TRAITS.value: "traits",
    EventType.ERROR.value: "props",
}
"""The field without which an event of a type says nothing; by the type's value, because an enum's hash is a
call in Python."""
_CLICK: Final = EventType.CLICK
"""Looking a member up in its enum takes longer than comparing it."""


def nests_too_deep(value: dict[str, Any] | None) -> bool:
    """Whether objects and arrays stand more than MAX_NESTING deep, the value itself counted."""
    if not value:
        return False
    level: list[Any] = [value]
    for _ in range(MAX_NESTING):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def missing_field(event: Event) -> str | None:
    """The field that this type of event needs and that is not there."""
    field = REQUIRED.get(event.type._value_)
    return field if field is not None and getattr(event, field) is None else None


def is_sound(batch: Batch) -> bool:
    """Whether every entry and every event of a decoded batch can be taken as it is."""
    return (
        len(batch.events) <= MAX_BATCH_EVENTS
        and len(batch.pages) <= MAX_BATCH_PAGES
        and len(batch.elements) <= MAX_BATCH_NODES
        and len(batch.nodes) <= MAX_BATCH_NODES
        and _are_nodes_sound(batch.nodes, len(batch.elements))
        and _are_events_sound(batch.events, len(batch.pages), len(batch.nodes))
        and _are_identities_distinct(batch)
    )


def _are_nodes_sound(nodes: list[Node], elements: int) -> bool:
    for place, node in enumerate(nodes):
        if node.parent >= place or node.element >= elements:
            return False
    return len(nodes) <= MAX_DEPTH or _are_shallow(nodes)


def _are_shallow(nodes: list[Node]) -> bool:
    depths: list[int] = []
    for node in nodes:
        depths.append(depths[node.parent] + 1 if node.parent >= 0 else 0)
    return max(depths) < MAX_DEPTH


def _are_events_sound(events: list[Event], pages: int, nodes: int) -> bool:
    for event in events:
        node = event.node
        if event.page >= pages or (node is not None and node >= nodes):
            return False
        # Nearly all are clicks with their node, and a call costs as much as what it finds out.
        if (node is None or event.type is not _CLICK) and missing_field(event) is not None:
            return False
        # Asked here whether there is anything, as hardly ever there is.
        if (event.props and nests_too_deep(event.props)) or (event.traits and nests_too_deep(event.traits)):
            return False
    return True


def _are_identities_distinct(batch: Batch) -> bool:
    if len(batch.pages) == 1:
        return len({event.seq for event in batch.events}) == len(batch.events)
    ids = [page.id for page in batch.pages]
    return len({(ids[event.page], event.seq) for event in batch.events}) == len(batch.events)
