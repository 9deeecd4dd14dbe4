"""Events of bots: they are kept and told apart, and count in every report that does not leave them out."""

from __future__ import annotations

from collections import Counter
from typing import Final

import pyarrow as pa

from backsight.contract import EVENTS
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.engine import Files
from backsight.results.tables import count, percent
from backsight.rules.user_agents import read_user_agent
from backsight.scan.matched import Query
from backsight.sql import load_sql

MOST_AGENTS: Final = 10_000
"""User agents that are looked at, the most frequent."""


def agents_query(asked: Examination) -> Query:
    """The statement that counts events by user agent."""
    first, _ = asked.shown.span().closed
    files = asked.context.snapshot.files("events", first.date())
    schema = pa.schema([EVENTS.field(name) for name in ("user_agent", "received_at")])
    params = {"first": first, "most": MOST_AGENTS}
    return Query(load_sql("doctor_agents"), params, {"events": Files(files, schema)})


def bots(asked: Examination) -> Finding:
    """What share of the events came from bots, by kind."""
    rows = agents_query(asked).run(asked.context).to_pylist()
    kinds: Counter[str] = Counter()
    for row in rows:
        if (kind := read_user_agent(row["user_agent"]).bot_kind) is not None:
            kinds[kind] += row["events"]
    events, total = rows[0]["of_all"] if rows else 0, kinds.total()
    share = total / events if events else 0.0
    facts = {"events": total, "share": share, "kinds": dict(kinds.most_common())}
    if not total:
        return Finding("bots", "fine", "No bot that says so was among the visitors.", (), facts)
    said = ", ".join(f"{kind} {count(of_kind)}" for kind, of_kind in kinds.most_common())
    words = (
        f"{percent(share, 2)} of the events of the last {asked.days} days came from bots: {said}. Reports"
        ' count them, unless asked not to: `where` {"property": "bot", "op": "is", "value": false}.'
    )
    return Finding("bots", "know", words, (), facts)
