"""What was not kept as an event, and why: rows of `dead_letters`.

A row's identity is its batch's id and its place there (or NO_PLACE for what the snippet itself dropped), so
that a batch that is sent again does not count its losses again.
"""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from backsight.contract import DEAD_LETTERS, Reason, id64
from backsight_collector.fold.known import salt
from backsight_collector.fold.seen import Seen
from backsight_collector.journal.records import Capture
from backsight_collector.wire import Decoded
from backsight_collector.wire.rejections import cut

NO_PLACE = -1


def batch_key(site: str, batch: str) -> int:
    """Under which a batch's rows are remembered."""
    return id64("batch", batch) ^ salt(site)


class DeadLetterRows:
    """The `dead_letters` rows of one fold, as they gather; `counts` are events by reason."""

    def __init__(self, seen: Seen) -> None:
        self.counts: Counter[str] = Counter()
        self._seen = seen
        self._rows: list[dict[str, object]] = []

    def add(self, capture: Capture, decoded: Decoded) -> None:
        """Everything of a batch that is not an event, unless it stands here from an earlier attempt."""
        batch = decoded.batch
        if not decoded.rejections and not batch.dropped:
            return
        key = batch_key(capture.site, batch.batch)
        self._seen.recall({key})
        sender = (id64("device", batch.device), None if batch.user is None else id64("user", batch.user))
        for index, reason, detail, raw in decoded.rejections:
            if self._seen.add(key, index):
                self._append(capture, batch.batch, index, reason, detail, 1, raw, sender)
        if any(batch.dropped.values()) and self._seen.add(key, NO_PLACE):
            for cause, count in batch.dropped.items():
                if count:
                    self._append(capture, batch.batch, None, Reason.CLIENT_DROPPED, cause, count, None)

    def add_unreadable(self, capture: Capture, why: str) -> None:
        """A batch that was acknowledged but that no rows can be made of."""
        self._append(capture, "", None, Reason.UNREADABLE, why, 1, cut(capture.body))

    def table(self) -> pa.Table:
        """The rows, by the contract's schema."""
        return pa.Table.from_pylist(self._rows, schema=DEAD_LETTERS)

    def _append(
        self,
        capture: Capture,
        batch: str,
        index: int | None,
        reason: Reason,
        detail: str,
        count: int,
        event: str | None,
        sender: tuple[int | None, int | None] = (None, None),
    ) -> None:
        self.counts[reason.value] += count
        received_at = pa.scalar(capture.received_at, DEAD_LETTERS.field("received_at").type)
        self._rows.append(
            {
                "site": capture.site,
                "date": received_at.cast(pa.date32()).as_py(),
                "received_at": capture.received_at,
                "batch": batch,
                "index": index,
                "reason": reason.value,
                "detail": detail,
                "count": count,
                "event": event,
                "device": sender[0],
                "user": sender[1],
            }
        )
