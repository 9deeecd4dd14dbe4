"""Facts of events gathered into batches of our wire, and these read by its decoder."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec

from backsight.contract import FLAG_DETACHED, MAX_BATCH_EVENTS, MAX_BATCH_NODES, MAX_BATCH_PAGES, Reason
from backsight_collector.dialects.posthog_elements import UNKNOWN, Described, namespaces, spelled
from backsight_collector.dialects.posthog_events import Facts, Sender
from backsight_collector.wire import Batch, Decoded, Rejection, decode
from backsight_collector.wire.rejections import cut

Object = dict[str, Any]
_Description = tuple[str, str, tuple[tuple[str, str | None], ...]]
ROOT: Final[_Description] = ("html", "html", ())
"""The parent of `body`, of which the libraries say nothing: a document has one."""
_encode: Final = msgspec.json.Encoder().encode


class Batches:
    """The batches of one request. `add` and `reject` take its events by their places in it."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._open: dict[Sender, _Tables] = {}
        self._full: list[_Tables] = []
        self._refused: list[Rejection] = []

    def add(self, place: int, sent: object, facts: Facts) -> None:
        """An event that was understood."""
        tables = self._open.get(facts.sender)
        if tables is None or not tables.has_room(facts):
            if tables is not None:
                self._full.append(tables)
            tables = self._open[facts.sender] = _Tables(facts.sender)
        tables.add(place, sent, facts)

    def reject(self, place: int, sent: object, reason: Reason, detail: str) -> None:
        """An event that says nothing that can be kept."""
        self._refused.append(Rejection(place, reason, detail, _raw(sent)))

    def decoded(self) -> list[Decoded]:
        """All of them; the places of events and rejections are those in the request."""
        found = [tables.decoded(self._key) for tables in [*self._full, *self._open.values()]]
        if self._refused:
            name = _name("refused", [rejection.raw for rejection in self._refused])
            nothing = Batch(v=1, key=self._key, batch=name, device="posthog", pages=[], events=[])
            found.append(Decoded(nothing, [], self._refused, 0))
        return found


class _Tables:
    """One batch as it gathers."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._pages: list[Object] = []
        self._events: list[Object] = []
        self._places: list[int] = []
        self._sent: dict[int, object] = {}
        self._elements: dict[_Description, int] = {}
        self._nodes: dict[tuple[int, ...], int] = {}

    def has_room(self, facts: Facts) -> bool:
        return (
            len(self._pages) < MAX_BATCH_PAGES
            and len(self._events) + len(facts.events) <= MAX_BATCH_EVENTS
            and len(self._nodes) + len(facts.chain) < MAX_BATCH_NODES
        )

    def add(self, place: int, sent: object, facts: Facts) -> None:
        node = self._node(facts.chain) if any("node" in event for event in facts.events) else None
        for event in facts.events:
            said = {name: value for name, value in event.items() if value is not None}
            said["page"] = len(self._pages)
            if "node" in said:
                said["node"] = node
            self._events.append(said)
            self._places.append(place)
        self._sent[place] = sent
        self._pages.append(facts.page)

    def decoded(self, key: str) -> Decoded:
        sender = {
            name: value for name, value in zip(_ENVELOPE, self._sender, strict=True) if value is not None
        }
        batch = _name("batch", [page["id"] for page in self._pages])
        elements = [_element(*each) for each in self._elements]
        tables = {
            "pages": self._pages,
            "events": self._events,
            "elements": elements,
            "nodes": list(self._nodes),
        }
        decoded = decode(_encode({"v": 1, "key": key, "batch": batch, **sender, **tables}))
        return decoded._replace(
            events=[(self._places[index], event) for index, event in decoded.events],
            rejections=[self._as_sent(rejection) for rejection in decoded.rejections],
        )

    def _as_sent(self, rejection: Rejection) -> Rejection:
        place = self._places[rejection.index]
        return Rejection(place, rejection.reason, rejection.detail, _raw(self._sent[place]))

    def _node(self, chain: list[Described]) -> int:
        """The target's place in `nodes`; its ancestors come before it."""
        place = self._place(-1, ROOT, 1, 1, 1, 1, 0) if chain[-1].tag == "body" else -1
        flags = FLAG_DETACHED if place < 0 else 0
        for element, namespace in zip(reversed(chain), reversed(namespaces(chain)), strict=True):
            described = (spelled(element.tag, namespace), namespace, tuple(element.attrs.items()))
            child, of_type = element.child_index, element.type_index
            place = self._place(place, described, child, UNKNOWN, of_type, UNKNOWN, flags)
            flags = 0
        return place

    def _place(self, parent: int, described: _Description, *numbers: int) -> int:
        element = self._elements.setdefault(described, len(self._elements))
        return self._nodes.setdefault((parent, element, *numbers), len(self._nodes))


_ENVELOPE: Final = ("device", "user", "session", "user_agent", "sent_at")


def _element(tag: str, namespace: str, attrs: tuple[tuple[str, str | None], ...]) -> Object:
    return {"tag": tag, "ns": namespace, "attrs": dict(attrs)}


def _raw(sent: object) -> str:
    return cut(_encode(sent))


def _name(kind: str, parts: list[str]) -> str:
    """The same for the same events, whenever they are sent."""
    return f"posthog-{kind}-{blake2b(_encode(parts), digest_size=16).hexdigest()}"
