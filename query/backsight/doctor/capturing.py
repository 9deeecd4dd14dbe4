"""Whether anything is captured: the last event, of each type, against the pauses that are usual here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backsight.contract import EVENTS
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.engine import Files
from backsight.repairs.silence import find_silence
from backsight.results.tables import counted, span
from backsight.scan.context import rfc3339

LOOKED_AT: Final = timedelta(days=30)
"""In which pauses are looked at."""
LONGER: Final = 2.0
"""How many times longer than the longest pause before a pause must be to be one too many."""
SHORTEST: Final = timedelta(hours=2)
MANY: Final = 48
"""Hours with events that there must be to know which pauses are usual."""
HOUR: Final = 3_600_000_000
"""Microseconds."""
HOURS_SQL: Final = f"select distinct epoch_us(received_at) // {HOUR} as hour from events"

PUT_SNIPPET: Final = (
    "Put the snippet into the head of every page:"
    ' `<script async src="https://COLLECTOR/backsight.js" data-key="wk_…"></script>`.'
)
WATCH: Final = (
    "Open a page of the site and look at its requests: `POST …/v1/capture` must be answered with 200."
)
LOOK: Final = (
    "Look whether collector and committer run, and whether their disk is full: `/metrics`, `/readyz`."
)
CHANGED: Final = "Look what was changed on the site, or in how the snippet is set up, at that date."


def capturing(asked: Examination) -> Finding:
    """Whether the site captures."""
    traffic = asked.activity.traffic
    last = max(traffic.received.values(), default=None) or asked.context.snapshot.watermark
    types = _types(asked)
    facts: dict[str, Any] = {"last": None if last is None else rfc3339(last), "types": types}
    if last is None:
        return Finding("capturing", "act", "Nothing was ever captured.", (PUT_SNIPPET, WATCH), facts)
    ago = max(asked.now - last, timedelta())
    events = counted(int(traffic.events[-asked.days :].sum()), "event")
    words = f"The last event came {span(ago.total_seconds())} ago; {events} in the last {asked.days} days."
    if (usual := _longest_pause(asked)) is not None and ago > max(SHORTEST, LONGER * usual):
        pause = f"No pause before was longer than {span(usual.total_seconds())}."
        return Finding("capturing", "act", f"Nothing comes any more. {words} {pause}", (LOOK, WATCH), facts)
    if ago >= LOOKED_AT:
        return Finding("capturing", "act", f"Nothing comes any more. {words}", (LOOK, WATCH), facts)
    silent = [f"no {each['type']} since {each['silent_since']}" for each in types if each["silent_since"]]
    if silent:
        return Finding("capturing", "act", f"{words} But {', '.join(silent)}.", (CHANGED, WATCH), facts)
    return Finding("capturing", "fine", words, (), facts)


def _types(asked: Examination) -> list[dict[str, Any]]:
    """Each type: its events of the days, when the last came, since when there is none."""
    activity = asked.activity
    traffic, days = activity.traffic, activity.days
    found = []
    for kind, events in traffic.types.items():
        silence = find_silence(events, traffic.events, days.weekdays, days.whole)
        found.append(
            {
                "type": kind,
                "events": int(events[-asked.days :].sum()),
                "last": rfc3339(traffic.last[kind]),
                "silent_since": None if silence is None else days.dates[silence.since],
            }
        )
    return found


def _longest_pause(asked: Examination) -> timedelta | None:
    """The longest pause in what arrives, of those that are over; null where too little is known."""
    first = (asked.now - LOOKED_AT).date()
    files = Files(asked.context.snapshot.files("events", first), pa.schema([EVENTS.field("received_at")]))
    hours = np.sort(asked.context.engine.query(HOURS_SQL, {}, {"events": files})["hour"].to_numpy())
    if len(hours) < MANY:
        return None
    return timedelta(hours=int(np.diff(hours).max()))
