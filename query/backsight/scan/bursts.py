"""Which clicks complete a burst, in the days of a scan: worked out a week at a time.

So it takes the memory of a week, whatever the lake holds, and what is kept of a week stays true until it gets
more events: of a lake that grows, only the newest week is worked out anew.
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
"""How far before midnight a week's bursts may begin: longer than any, as batches' clocks differ a little."""
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
_READ: Final = pa.schema([EVENTS.field(name) for name in BURST_COLUMNS])
_FOUND: Final = pa.schema([EVENTS.field(name).with_nullable(True) for name in ("page", "sequence")])


def burst_clicks(
    rage: Rage, snapshot: Snapshot, bounds: Range, devices: Sequence[int] | None = None
) -> Parts:
    """The clicks (`page`, `sequence`) that complete a burst in the weeks in which the bounds lie.

    Of some devices, where they are given; these are worked out at once, as they are few.
    """
    first = EARLIEST if bounds.first is None else bounds.first.date()
    last = LATEST if bounds.end is None else (bounds.end - MICROSECOND).date()
    if devices is not None:
        uris = snapshot.files("events", max(first - DAY, EARLIEST), last)
        return Parts([_part(rage, uris, first, devices)], _FOUND)
    return Parts([_part(rage, uris, monday) for monday, uris in _weeks(snapshot, first, last)], _FOUND)


def _weeks(snapshot: Snapshot, first: date, last: date) -> Iterator[tuple[date, list[str]]]:
    """The Monday of each week that has events, with its files and those of the day before."""
    days = [file.date for file in snapshot.data_files("events", first, last) if file.date is not None]
    for monday in sorted({day - DAY * day.weekday() for day in days}):
        yield monday, snapshot.files("events", monday - DAY, monday + WEEK - DAY)


def _part(rage: Rage, uris: Sequence[str], day: date, devices: Sequence[int] | None = None) -> Derived:
    midnight = datetime.combine(day, time(), UTC)
    sql, params = bursts_sql(rage, devices)
    params |= {"midnight": midnight, "before": midnight - LOOK_BACK}
    return Derived(sql, params, {"events": Files(uris, _READ)}, (sql, *params.values(), *uris))
