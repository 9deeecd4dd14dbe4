"""What the committer must remember between folds, and how it is read back from the lake at a start.

Nothing of it is stored for its own sake: after any failure it is thrown away and read again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import DEDUPLICATION_HOURS, MAX_ATTRIBUTE_VALUES, MAX_CONTEXTS, NODES
from backsight_collector.deletion.document import read_documents
from backsight_collector.deletion.remembered import Deleted, recent_ranges
from backsight_collector.fold.dead_letters import NO_PLACE, batch_key
from backsight_collector.fold.known import salt
from backsight_collector.fold.nodes import Contexts
from backsight_collector.fold.seen import GENERATION, HOUR, Seen
from backsight_collector.fold.statements import KnownPairs
from backsight_collector.lake.lake import Lake
from backsight_collector.wire import KnownElements

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ELEMENT_COLUMNS: Final = ["site", "element_id", "tag", "namespace", "attributes", "first_seen"]
_NODE_COLUMNS: Final = [name for name in NODES.names if name != "depth"]


class Memory:
    """Elements and nodes, pairs of device and user, and recent events and dead letters, as the lake has them.

    `oldest` is when the oldest record was received that will be folded next, in microseconds: events count as
    recent that were received less than DEDUPLICATION_HOURS before, or in the last so many hours in which any
    were. `rereads`: some records will be read again that `events` covers; the stored statements are then told
    by their ids.
    """

    def __init__(
        self,
        lake: Lake,
        oldest: int,
        max_attribute_values: int = MAX_ATTRIBUTE_VALUES,
        rereads: bool = False,
        max_contexts: int = MAX_CONTEXTS,
    ) -> None:
        self.elements = KnownElements()
        self.contexts = Contexts(max_attribute_values, max_contexts)
        self.pairs = KnownPairs()
        self.statement_ids: set[str] | None = _statement_ids(lake) if rereads else None
        self.events, self.letters = Seen(oldest), Seen(oldest)
        deletions = read_documents(lake.directory)
        self.deleted = Deleted(deletions)
        begin = _recent_from(lake, oldest)
        since = _EPOCH + timedelta(microseconds=begin)
        self._load_contexts(lake)
        self._load_pairs(lake)
        self._load_events(lake, since)
        self._load_letters(lake, since)
        earliest = begin - GENERATION
        self.events.load(*recent_ranges(deletions, "events", earliest))
        self.letters.load(*recent_ranges(deletions, "dead_letters", earliest))

    def forget_statements(self, lake: Lake) -> None:
        """Takes note anew of what `statements` holds: of who was deleted, a pair is to be observed again."""
        self.pairs = KnownPairs()
        self._load_pairs(lake)
        if self.statement_ids is not None:
            self.statement_ids = _statement_ids(lake)

    def _load_contexts(self, lake: Lake) -> None:
        for rows in lake["elements"].scan(_ELEMENT_COLUMNS):
            self.contexts.load_elements(rows)
        for rows in lake["nodes"].scan(_NODE_COLUMNS):
            self.contexts.load_nodes(rows)

    def _load_pairs(self, lake: Lake) -> None:
        for rows in lake["statements"].scan(["site", "kind", "device", "user"]):
            self.pairs.load(rows)

    def _load_events(self, lake: Lake, since: datetime) -> None:
        for rows in lake["events"].scan(["site", "page", "sequence", "received_at"], since):
            recent = _recent(rows, since)
            if recent.num_rows:
                keys = recent["page"].to_numpy() ^ np.int64(salt(recent["site"][0].as_py()))
                self.events.load(keys, recent["sequence"].to_numpy())

    def _load_letters(self, lake: Lake, since: datetime) -> None:
        for rows in lake["dead_letters"].scan(["site", "batch", "index", "received_at"], since):
            recent = _recent(rows, since)
            places = recent["index"].fill_null(NO_PLACE).to_numpy()
            sites, batches = recent["site"].to_pylist(), recent["batch"].to_pylist()
            keys = [batch_key(site, batch) for site, batch in zip(sites, batches, strict=True)]
            self.letters.load(np.array(keys, np.int64), places)


def _recent_from(lake: Lake, oldest: int) -> int:
    """Since when arrivals count as recent, in microseconds, by what the files' bounds say."""
    hours = {oldest // HOUR}
    for table in ("events", "dead_letters"):
        bounds = {(file.received_from, file.received_until) for file in lake[table].files()}
        for first, last in bounds:
            if first is not None and last is not None:
                end = _hour(last)
                hours.update(range(max(_hour(first), end - DEDUPLICATION_HOURS), end + 1))
    return min(oldest - GENERATION, sorted(hours)[-DEDUPLICATION_HOURS - 1 :][0] * HOUR)


def _hour(moment: datetime) -> int:
    return int(moment.timestamp()) // 3_600


def _statement_ids(lake: Lake) -> set[str]:
    return {
        key for rows in lake["statements"].scan(["statement_id"]) for key in rows["statement_id"].to_pylist()
    }


def _recent(rows: pa.Table, since: datetime) -> pa.Table:
    return rows.filter(pc.greater_equal(rows["received_at"], pa.scalar(since, rows["received_at"].type)))
