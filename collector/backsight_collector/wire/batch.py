"""The batch as typed structures: what docs/reference/wire.md shows, with its limits.

Unknown fields are ignored, so that a newer snippet can talk to an older collector.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from backsight.contract import (
    MAX_ID_CHARS,
    MAX_NAME_CHARS,
    MAX_SEQUENCE,
    MAX_TEXT_CHARS,
    MAX_UNSURE,
    MAX_URL_CHARS,
    EventType,
)
from backsight_collector.wire.rejections import Rejection

MAX_INT32: Final = 2**31 - 1
MAX_TIME_MS: Final = 7_258_118_400_000
"""2200-01-01, in milliseconds since 1970: later client times are nonsense."""
MAX_TITLE_CHARS: Final = 1_024
MAX_DROP_CAUSES: Final = 16
MAX_USER_AGENT_CHARS: Final = 1_024

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS)]
Url = Annotated[str, Meta(max_length=MAX_URL_CHARS)]
Title = Annotated[str, Meta(max_length=MAX_TITLE_CHARS)]
Milliseconds = Annotated[float, Meta(ge=0, lt=MAX_TIME_MS)]
Index = Annotated[int, Meta(ge=0)]
Natural = Annotated[int, Meta(ge=0, le=MAX_INT32)]
Coordinate = Annotated[int, Meta(ge=-MAX_INT32, le=MAX_INT32)]
Object = dict[Annotated[str, Meta(max_length=MAX_NAME_CHARS)], Any]


class Page(Struct, frozen=True, gc=False):
    """One state of a page instance; events refer to it by its place in `pages`."""

    id: Id
    url: Url
    referrer: Url | None = None
    title: Title | None = None
    viewport: tuple[Natural, Natural] | None = None
    language: Annotated[str, Meta(max_length=MAX_ID_CHARS)] | None = None


class Element(Struct, frozen=True, gc=False):
    """A description, its attributes as sent: which of them are kept, the committer decides."""

    tag: Name
    ns: Literal["html", "svg", "mathml"] = "html"
    attrs: dict[str, str | None] = {}


class Node(Struct, array_like=True, gc=False):
    """An element in its context; `parent` and `element` are places in `nodes` and `elements`.

    Its own places count from 1; 0 is one that the sender does not know.
    """

    parent: Annotated[int, Meta(ge=-1)]
    element: Index
    child_index: Natural
    child_last: Natural
    type_index: Natural
    type_last: Natural
    flags: Natural = 0


class Event(Struct, gc=False):
    """One raw event; `page` and `node` are places in the batch's tables, `time` is the client's, in ms."""

    type: EventType
    page: Index
    seq: Annotated[int, Meta(ge=0, le=MAX_SEQUENCE)]
    time: Milliseconds
    node: Index | None = None
    name: Name | None = None
    user: Id | None = None
    props: Object | None = None
    traits: Object | None = None
    text: Text | None = None
    label: Text | None = None
    target_text: Text | None = None
    target_label: Text | None = None
    href: Url | None = None
    x: Coordinate | None = None
    y: Coordinate | None = None
    duration_ms: Annotated[int, Meta(ge=0, lt=MAX_TIME_MS)] | None = None
    scroll_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    watched_ms: Natural | None = None
    dom_ms: Natural | None = None
    navigation_ms: Natural | None = None
    scroll_ms: Natural | None = None
    focus_ms: Natural | None = None
    error_ms: Natural | None = None


class Envelope(Struct, kw_only=True, gc=False):
    """What holds for the whole batch. `unsure` are batches of which the sender never heard what became;
    `user_agent` is the browser's, where a server or an import speaks for it."""

    v: Literal[1]
    key: Id
    batch: Id
    device: Id
    session: Id | None = None
    user: Id | None = None
    user_agent: Annotated[str, Meta(max_length=MAX_USER_AGENT_CHARS)] | None = None
    sent_at: Milliseconds | None = None
    dropped: Annotated[
        dict[Annotated[str, Meta(max_length=MAX_NAME_CHARS)], Natural], Meta(max_length=MAX_DROP_CAUSES)
    ] = {}
    unsure: Annotated[tuple[Id, ...], Meta(max_length=MAX_UNSURE)] = ()


class Batch(Envelope, kw_only=True, gc=False):
    """An envelope and its tables; a decoded batch holds only sound entries (see wire.decode)."""

    pages: list[Page]
    events: list[Event]
    elements: list[Element] = []
    nodes: list[Node] = []


class Decoded(NamedTuple):
    """A batch that was read: `events` with their index in the batch as sent, and what became of the others.

    Every entry of `batch.pages`, `elements` and `nodes` is sound, and the events' `page` and `node` are
    places in them; where an unsound entry was left out, the places are counted anew. Events sent =
    events + rejections + duplicates (a repeated page id and sequence number: the first is kept).
    What the client itself dropped is in `batch.dropped`.
    """

    batch: Batch
    events: list[tuple[int, Event]]
    rejections: list[Rejection]
    duplicates: int
