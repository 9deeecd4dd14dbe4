"""Events as columns: what the wire nests (batch, page, event) becomes the flat rows of `events`.

Facts of a batch and of a page are gathered once and spread over their events by Arrow, not event by event.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pyarrow as pa

from backsight.contract import EVENTS, id64
from backsight_collector.journal.records import Capture
from backsight_collector.wire import Batch, Event, Page

DAY: Final = 86_400_000_000
"""Microseconds."""
MAX_AGE: Final = 3_653 * DAY
"""Ten years: what an event may be older than its arrival. Each date of a site is a folder of the lake, and a
file of every fold that meets it; a hostile batch must not make tens of thousands of them."""

_BATCH_COLUMNS: Final = ["site", "device", "session", "user_agent", "sent_at", "received_at"]
_PAGE_COLUMNS: Final = (
    "page host path query fragment title referrer viewport_width viewport_height language".split()
)
_EVENT_COLUMNS: Final = (
    "time client_time type name node_id user sequence text label target_text target_label href x y "
    "duration_ms scroll_percent props target_attributes "
    "watched_ms dom_ms navigation_ms scroll_ms focus_ms error_ms"
).split()


class Address(NamedTuple):
    """A page's URL in the parts that are kept."""

    host: str | None
    path: str | None
    query: str | None
    fragment: str | None


@lru_cache(maxsize=50_000)
def split_url(url: str) -> Address:
    """Host (lower case, with its port but no credentials), path, query and fragment; absent parts are None.

    A URL that can't be split is no reason to lose an event: it stands in `path` as it was sent.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return Address(None, url or None, None, None)
    host = parts.netloc.rpartition("@")[2].lower() or None
    return Address(host, parts.path or ("/" if host else None), parts.query or None, parts.fragment or None)


def microseconds(milliseconds: float) -> int:
    return round(milliseconds * 1000)


def to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class BatchFacts(NamedTuple):
    """What the rows of one batch share, and the place of its row among the batches of the fold."""

    place: int
    site: str
    device: int
    user: int | None
    received_at: int
    clock_error: int  # microseconds to be added to the client's times

    def corrected(self, client_time: int) -> int:
        """A client time by our clock: never after the batch was received, never long before (MAX_AGE)."""
        corrected = min(client_time + self.clock_error, self.received_at)
        return max(0, corrected, self.received_at - MAX_AGE)


class EventRows:
    """The `events` rows of one fold, as they gather."""

    def __init__(self) -> None:
        self._batches: list[tuple[object, ...]] = []
        self._pages: list[tuple[object, ...]] = []
        self._events: list[tuple[object, ...]] = []
        self._places: list[tuple[int, int]] = []  # of the event's batch and of its page
        self.characters = 0
        """Of the texts in all rows that a record holds once and many rows may share."""
        self._agent = 0
        self._widths: list[int] = []  # of each page's rows, in characters

    def __len__(self) -> int:
        return len(self._events)

    def add_batch(self, capture: Capture, batch: Batch) -> BatchFacts:
        sent_at = None if batch.sent_at is None else microseconds(batch.sent_at)
        device = id64("device", batch.device)
        session = None if batch.session is None else id64("session", batch.session)
        received_at = capture.received_at
        agent = capture.user_agent if batch.user_agent is None else batch.user_agent
        self._agent = len(agent or "")
        self._batches.append((capture.site, device, session, agent, sent_at, received_at))
        return BatchFacts(
            len(self._batches) - 1,
            capture.site,
            device,
            None if batch.user is None else id64("user", batch.user),
            received_at,
            0 if sent_at is None else received_at - sent_at,
        )

    def add_page(self, page: Page, page_id: int) -> int:
        """Its place, for `add_event`: a page of the batch that was added last."""
        texts = (page.url, page.title, page.referrer)
        self._widths.append(self._agent + sum(map(len, filter(None, texts))))
        width, height = page.viewport or (None, None)
        self._pages.append(
            (page_id, *split_url(page.url), page.title, page.referrer or None, width, height, page.language)
        )
        return len(self._pages) - 1

    def add_event(
        self,
        event: Event,
        batch: BatchFacts,
        page: int,
        user: int | None,
        node_id: int | None,
        target_attributes: Sequence[tuple[str, str]],
    ) -> None:
        client_time = microseconds(event.time)
        self._places.append((batch.place, page))
        self.characters += self._widths[page]
        if target_attributes:
            self.characters += sum(len(name) + len(value) for name, value in target_attributes)
        self._events.append(
            (
                batch.corrected(client_time),
                client_time,
                event.type,
                event.name,
                node_id,
                user,
                event.seq,
                event.text,
                event.label,
                event.target_text,
                event.target_label,
                event.href,
                event.x,
                event.y,
                event.duration_ms,
                event.scroll_percent,
                None if event.props is None else to_json(event.props),
                target_attributes or None,
                event.watched_ms,
                event.dom_ms,
                event.navigation_ms,
                event.scroll_ms,
                event.focus_ms,
                event.error_ms,
            )
        )

    def table(self) -> pa.Table:
        """The rows, by the contract's schema."""
        if not self._events:
            return EVENTS.empty_table()
        columns = _columns(self._events, _EVENT_COLUMNS)
        places = [pa.array(column, pa.int64()) for column in zip(*self._places, strict=True)]
        for names, rows, place in ((_BATCH_COLUMNS, self._batches, 0), (_PAGE_COLUMNS, self._pages, 1)):
            for name, column in _columns(rows, names).items():
                columns[name] = column.take(places[place])
        columns["date"] = columns["time"].cast(pa.date32())
        return pa.table([columns[name] for name in EVENTS.names], schema=EVENTS)


def _columns(rows: Sequence[tuple[object, ...]], names: Sequence[str]) -> dict[str, pa.Array]:
    return {
        name: pa.array(column, EVENTS.field(name).type)
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
