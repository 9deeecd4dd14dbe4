"""What got lost on the way: gaps in the numbers of a page's events, and what pages say they dropped.

Every event of a page instance has the next number. So of a page that is over, each number that did not come
is an event that got lost; and where a page's own last event, `leave`, did not come, nobody can know how many
there were after the last that did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from backsight.contract import Reason
from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.results.tables import count, counted, percent
from backsight.rules.steps import EVERYTHING
from backsight.scan.matched import Query, Scan
from backsight.scan.periods import CALENDAR
from backsight.scan.request import Common, Range
from backsight.sql import load_sql

OVER: Final = timedelta(hours=1)
"""A page of which nothing came for so long is over; what it kept may still come with the next visit."""
EARLIER: Final = timedelta(days=90)
"""How far before the days that are told it is looked whether a page had begun: tabs stay open for weeks."""
MOST: Final = 100_000
"""Numbers of one page that are believed: one made-up event must not tell of billions that got lost."""
COLUMNS: Final = ("page", "sequence", "time", "received_at", "type", "session")

LOST: Final = 0.01
"""Share of events lost from which on something is to be done."""

CAUSES: Final[Mapping[str, str]] = {
    "queue": "the page could not deliver for long and its queue was full",
    "handler": "the snippet failed while it looked at the event",
    "size": "the event was larger than the collector takes",
    "error": "the page raised more errors than are captured of one",
}
"""What the snippet says of what it dropped."""
ADVICE: Final[Mapping[str, str]] = {
    "queue": "Look whether the collector was out of reach, or answered 429 or 503: queues filled up.",
    "handler": "Look which of the site's pages make the snippet fail, and report it as a bug.",
    "size": "Send less with an event: look for track() calls with large properties; it may have 32 KB.",
}
ON_THE_WAY: Final = (
    "Look whether something between pages and collector cuts requests off: a proxy's limit of body size, a"
    " Content-Security-Policy without connect-src, a blocker (BACKSIGHT_SCRIPT_PATH serves all from a path of"
    " your own)."
)


@dataclass(frozen=True)
class Losses:
    """Of pages that began on some days and are over."""

    pages: int
    events: int
    """That their numbers tell of, lost ones too."""
    missing: int
    with_gaps: int
    """Pages of which some event is missing."""
    unended: int
    """Pages whose last event did not come."""
    daily: list[dict[str, Any]]

    @property
    def share(self) -> float | None:
        """Of events that got lost; null where there were none."""
        return self.missing / self.events if self.events else None


def pages_query(asked: Examination) -> Query:
    """The statement that looks for gaps."""
    first, _ = asked.shown.span().closed
    conditions = asked.context.conditions()
    conditions.columns |= set(COLUMNS)
    span = Range(first - EARLIER, asked.shown.span().end)
    columns = [(name, f"e.{name}") for name in COLUMNS]
    scan = Scan(asked.context, Common(span, asked.zone, (), ()), conditions, columns, [("happened", "true")],
                [EVERYTHING], span, persons=False)  # fmt: skip
    periods = asked.shown.periods
    text = load_sql("doctor_pages").replace("{slot}", periods.slot_sql("pages.began"))
    query = scan.query(text, {CALENDAR: periods.calendar})
    query.params = {**query.params, "first": first, "over": asked.now - OVER, "most": MOST}
    return query


def lost(asked: Examination) -> Losses:
    """What got lost of pages that are over."""
    rows = pages_query(asked).run(asked.context).to_pylist()
    dates = asked.shown.dates
    daily = [
        {"date": dates[row["period"]], "events": row["numbered"], "missing": row["missing"]} for row in rows
    ]
    sums = {
        key: sum(row[key] for row in rows) for key in ("pages", "numbered", "missing", "with_gaps", "unended")
    }
    return Losses(sums["pages"], sums["numbered"], sums["missing"], sums["with_gaps"], sums["unended"], daily)


def losses(asked: Examination, refused: list[dict[str, Any]]) -> Finding:
    """The share of events that pages lost, and what they say that they dropped."""
    found = lost(asked)
    dropped = {
        row["detail"]: row["events"] for row in refused if row["reason"] == Reason.CLIENT_DROPPED.value
    }
    facts = {
        "pages": found.pages, "events": found.events, "missing": found.missing, "share": found.share,
        "with_gaps": found.with_gaps, "unended": found.unended, "dropped": dropped, "daily": found.daily,
    }  # fmt: skip
    if not found.pages:
        words = "No page was opened and left that could have lost events."
        return Finding("losses", "know", words, (), facts)
    much = (found.share or 0) >= LOST
    advice = _advice(dropped) if much else ()
    return Finding("losses", "act" if much else "fine", _told(found, dropped), advice, facts)


def _told(found: Losses, dropped: Mapping[str, int]) -> str:
    lost_ = f"{count(found.missing)} of {counted(found.events, 'event')} got lost ({percent(found.share, 2)})"
    unended = percent(found.unended / found.pages)
    words = [
        f"Of {counted(found.pages, 'page')} that are over, {lost_}, from {counted(found.with_gaps, 'page')}.",
        f"Of {unended} of them the end never came: what they lost after the last that did, nobody can know.",
    ]
    if dropped:
        causes = "; ".join(
            f"{count(events)}: {CAUSES.get(cause, cause)}" for cause, events in dropped.items()
        )
        words.append(f"Pages say themselves that they dropped {count(sum(dropped.values()))} ({causes}).")
    return " ".join(words)


def _advice(dropped: Mapping[str, int]) -> tuple[str, ...]:
    """What to look at where much is lost."""
    return (*(words for cause, words in ADVICE.items() if dropped.get(cause)), ON_THE_WAY)
