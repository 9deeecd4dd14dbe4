"""Which clicks complete a burst, in the days of a scan: worked out a day at a time.

So it takes the memory of one day, whatever the lake holds, and what is kept of a day stays true until the day
gets more events: of a lake that grows, only the newest day is worked out anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import pyarrow as pa

from backsight.contract import EVENTS
from backsight.engine import Derived, Files, Parts
from backsight.lake import Snapshot
from backsight.rules.bursts import BURST_COLUMNS, Rage, bursts_sql
from backsight.scan.moments import EARLIEST, LATEST, MICROSECOND, Range

LOOK_BACK: Final = timedelta(hours=1)
"""How far before midnight a day's bursts may begin: longer than any, as batches' clocks differ a little."""
DAY: Final = timedelta(days=1)
_READ: Final = pa.schema([EVENTS.field(name) for name in BURST_COLUMNS])
_FOUND: Final = pa.schema([EVENTS.field(name).with_nullable(True) for name in ("page", "sequence")])


def burst_clicks(
    rage: Rage, snapshot: Snapshot, bounds: Range, devices: Sequence[int] | None = None
) -> Parts:
    """The clicks (`page`, `sequence`) that complete a burst on the days on which the bounds lie.

    Of some devices, where they are given; these are worked out at once, as they are few.
    """
    first = EARLIEST if bounds.first is None else bounds.first.date()
    last = LATEST if bounds.end is None else (bounds.end - MICROSECOND).date()
    if devices is not None:
        uris = snapshot.files("events", max(first - DAY, EARLIEST), last)
        return Parts([_part(rage, uris, first, devices)], _FOUND)
    return Parts([_part(rage, uris, day) for day, uris in _days(snapshot, first, last)], _FOUND)


def _days(snapshot: Snapshot, first: date, last: date) -> Iterator[tuple[date, list[str]]]:
    """Each day that has events, with its files and those of the day before."""
    days = {file.date for file in snapshot.data_files("events", first, last)}
    for day in sorted(each for each in days if each is not None):
        yield day, snapshot.files("events", day - DAY, day)


def _part(rage: Rage, uris: Sequence[str], day: date, devices: Sequence[int] | None = None) -> Derived:
    midnight = datetime.combine(day, time(), UTC)
    sql, params = bursts_sql(rage, devices)
    params |= {"midnight": midnight, "before": midnight - LOOK_BACK}
    return Derived(sql, params, {"events": Files(uris, _READ)}, (sql, *params.values(), *uris))
