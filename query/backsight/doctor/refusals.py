"""What the collector refused, by reason: nothing is lost silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from backsight.contract import DEAD_LETTERS, Reason
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding, State
from backsight.doctor.losses import ADVICE
from backsight.engine import Files
from backsight.results.tables import count, counted, percent
from backsight.scan.context import rfc3339
from backsight.scan.matched import Query
from backsight.sql import load_sql

REFUSED: Final = 0.001
"""Share of events refused from which on something is to be done."""
MOST_DETAILS: Final = 16
"""Details of each reason that are told, the most frequent."""
ADVICE_OF: Final[Mapping[str, str]] = {
    Reason.UNREADABLE.value: "Keep `journal/…/set-aside/`: batches that can't be read lie there.",
    Reason.BAD_EVENT.value: "Look at what sends such events: the detail names the field that is wrong.",
    Reason.TOO_LARGE.value: ADVICE["size"],
    Reason.TOO_DEEP.value: "Flatten what track() is given: it nests deeper than 32 levels.",
    Reason.TOO_MANY.value: "Send at most 1,000 events a batch.",
    Reason.UNKNOWN_TYPE.value: "Bring the collector up to date: pages send what it does not know yet.",
}
OTHERWISE: Final = "Look whether the pages have the snippet that this collector serves."


def refused_query(asked: Examination) -> Query:
    """The statement that counts what was refused."""
    first = asked.shown.span().closed[0]
    files = asked.context.snapshot.files("dead_letters", first.date())
    names = ("reason", "detail", "count", "received_at")
    schema = pa.schema([DEAD_LETTERS.field(name) for name in names])
    params = {"first": first, "most": MOST_DETAILS}
    return Query(load_sql("doctor_refused"), params, {"dead_letters": Files(files, schema)})


def refused_rows(asked: Examination) -> list[dict[str, Any]]:
    """What was refused or dropped, by reason and detail."""
    rows: list[dict[str, Any]] = refused_query(asked).run(asked.context).to_pylist()
    return rows


def refusals(asked: Examination, refused: list[dict[str, Any]]) -> Finding:
    """What the collector refused, by reason."""
    rows = [row for row in refused if row["reason"] != Reason.CLIENT_DROPPED.value]
    reasons = _by_reason(rows)
    facts = {"reasons": reasons}
    if not rows:
        return Finding("refusals", "fine", f"Nothing was refused in the last {asked.days} days.", (), facts)
    total = sum(each["events"] for each in reasons)
    of_all = int(asked.activity.traffic.events[-asked.days :].sum()) + total
    torn = any(each["reason"] == Reason.UNREADABLE.value for each in reasons)
    state: State = "act" if torn or total >= REFUSED * of_all else "know"
    said = "; ".join(f"{each['reason']} {count(each['events'])} ({each['details'][0]})" for each in reasons)
    words = f"{counted(total, 'event was', 'events were')} refused ({percent(total / of_all, 2)}): {said}."
    return Finding("refusals", state, words, _of_refused(reasons) if state == "act" else (), facts)


def _by_reason(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        own = {
            "reason": row["reason"],
            "events": row["of_reason"],
            "last": rfc3339(row["last"]),
            "details": [],
        }
        found.setdefault(row["reason"], own)["details"].append(row["detail"])
    return list(found.values())


def _of_refused(reasons: list[dict[str, Any]]) -> tuple[str, ...]:
    """What to do about what was refused."""
    return tuple(dict.fromkeys(ADVICE_OF.get(each["reason"], OTHERWISE) for each in reasons))
