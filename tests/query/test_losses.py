"""What got lost on the way, by the numbers of events, against counting them one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight import doctor
from backsight.contract import MAX_SEQUENCE
from backsight.doctor.examination import Examination
from backsight.doctor.losses import lost
from backsight.scan.context import Context
from query.conftest import ContextOf
from query.rows import SITE, Row, event

NOW = datetime(2026, 10, 31, 12, tzinfo=UTC)
TYPES = ("pageview", "click", "leave", "track")


def sent(page: int, sequence: int, hours: float, kind: str = "click", **columns: Any) -> Row:
    """An event that came from a page so many hours ago."""
    facts = {"type": kind, "name": None, "page": page, "sequence": sequence, "session": 1} | columns
    return event("", NOW - timedelta(hours=hours), **facts)


def finding(context: Context, check: str, **request: Any) -> dict[str, Any]:
    found: list[dict[str, Any]] = doctor.run(request, context)["findings"]
    return next(each for each in found if each["check"] == check)


def test_gaps_are_counted_of_pages_that_are_over(context_of: ContextOf) -> None:
    """A number that did not come is a loss, the first ones too; of a page that may go on it is none yet."""
    rows = [
        sent(1, 0, 5, "pageview"), sent(1, 3, 5), sent(1, 4, 5, "leave"),
        sent(2, 2, 4), sent(2, 3, 4),
        sent(3, 0, 0.5, "pageview"), sent(3, 9, 0.5),
        sent(4, 0, 30, "pageview"), sent(4, 1, 29, "leave"),
    ]  # fmt: skip
    losses = finding(context_of(rows, names={}, now=NOW), "losses")
    facts = losses["facts"]
    assert {key: facts[key] for key in ("pages", "events", "missing", "with_gaps", "unended")} == {
        "pages": 3, "events": 11, "missing": 4, "with_gaps": 2, "unended": 1,
    }  # fmt: skip
    assert facts["share"] == pytest.approx(4 / 11)
    assert facts["daily"] == [
        {"date": "2026-10-30", "events": 2, "missing": 0},
        {"date": "2026-10-31", "events": 9, "missing": 4},
    ]
    assert losses["state"] == "act"
    assert "4 of 11 events got lost (36.36%)" in losses["words"]
    assert "33.3% of them the end never came" in losses["words"]


def test_servers_number_events_as_they_like(context_of: ContextOf) -> None:
    """What no page sent has no gaps, and no end that never came: a server's pageview is in no session."""
    rows = [sent(1, 5, 5, "track"), sent(1, 9, 5, "identify"), sent(2, 7, 5, "traits")]
    rows += [sent(page, 2, 5, "pageview", session=None) for page in range(10, 20)]
    losses = finding(context_of(rows, names={}, now=NOW), "losses")
    assert (losses["facts"]["pages"], losses["state"]) == (0, "know")


def test_a_page_that_was_open_before_is_not_counted_in_part(context_of: ContextOf) -> None:
    """Of a tab that was opened before the days that are told, nothing is called missing."""
    rows = [sent(1, 0, 30, "pageview"), sent(1, 1, 2), sent(2, 0, 3, "pageview")]
    facts = finding(context_of(rows, names={}, now=NOW), "losses", days=1)["facts"]
    assert (facts["pages"], facts["missing"]) == (1, 0)


def test_a_tab_that_was_silent_for_weeks_had_begun_before(context_of: ContextOf) -> None:
    """What a page did long before the days that are told is not missing, however long it then was silent."""
    old = [sent(1, number, 24 * 40, "pageview") for number in range(57)]
    rows = [*old, sent(1, 57, 5), sent(2, 3, 5), sent(2, 4, 5, "leave")]
    facts = finding(context_of(rows, names={}, now=NOW), "losses", days=7)["facts"]
    assert (facts["pages"], facts["events"], facts["missing"]) == (1, 5, 3)


def test_a_number_that_somebody_made_up(context_of: ContextOf) -> None:
    """The largest number that the collector takes neither breaks the report nor tells of billions lost."""
    rows = [sent(1, MAX_SEQUENCE, 5), sent(2, 0, 5, "pageview")]
    facts = finding(context_of(rows, names={}, now=NOW), "losses")["facts"]
    assert (facts["pages"], facts["events"], facts["missing"]) == (1, 1, 0)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(1, 5),
            st.integers(0, 12),
            st.integers(0, 24 * 12),
            st.sampled_from(TYPES),
            st.integers(1, 2),
        ),
        max_size=25,
    ),
    st.integers(1, 6),
)
def test_losses_agree_with_looking_at_every_page(
    context_of: ContextOf, drawn: list[tuple[int, int, int, str, int]], days: int
) -> None:
    """Whatever came, in whatever order and however often, the counts are those of plain Python."""
    rows = [
        sent(page, sequence, hours, kind)
        for page, sequence, hours, kind, times in drawn
        for _ in range(times)
    ]
    found = lost(Examination.of({"days": days}, context_of(rows, names={}, now=NOW)))
    expected = told(rows, days)
    assert (found.pages, found.events, found.missing, found.with_gaps, found.unended) == expected


def told(rows: Sequence[Mapping[str, Any]], days: int) -> tuple[int, int, int, int, int]:
    """Pages, events, missing ones, pages with gaps and without an end: of pages that are over."""
    first = datetime(2026, 10, 31, tzinfo=UTC) - timedelta(days=days - 1)
    shown = [row for row in rows if row["time"] >= first]
    pages = [[row for row in shown if row["page"] == page] for page in {row["page"] for row in shown}]
    before = {row["page"] for row in rows if row["time"] < first}
    over = [
        own
        for own in pages
        if (min(row["sequence"] for row in own) == 0 or own[0]["page"] not in before)
        and max(row["received_at"] for row in own) < NOW - timedelta(hours=1)
        and any(row["type"] != "track" for row in own)
    ]
    gaps = [
        set(range(max(row["sequence"] for row in own))) - {row["sequence"] for row in own} for own in over
    ]
    return (
        len(over),
        sum(max(row["sequence"] for row in own) + 1 for own in over),
        sum(map(len, gaps)),
        sum(map(bool, gaps)),
        sum(all(row["type"] != "leave" for row in own) for own in over),
    )


def letter(reason: str, detail: str, count: int = 1, days: int = 1) -> Row:
    """A row of `dead_letters`."""
    at = NOW - timedelta(days=days)
    return {
        "site": SITE, "date": at.date(), "received_at": at, "batch": "b", "reason": reason, "detail": detail,
        "count": count,
    }  # fmt: skip


def test_what_pages_dropped_themselves(context_of: ContextOf) -> None:
    """What the snippet says that it dropped stands beside the gaps, by cause, with what to do about each."""
    rows = [sent(1, 0, 5, "pageview"), sent(1, 9, 5, "leave")]
    letters = [letter("client_dropped", "queue", 3), letter("client_dropped", "queue", 4, days=2),
               letter("client_dropped", "size"), letter("client_dropped", "handler", days=40)]  # fmt: skip
    losses = finding(context_of(rows, names={}, now=NOW, dead_letters=letters), "losses")
    assert losses["facts"]["dropped"] == {"queue": 7, "size": 1}
    assert "dropped 8 (7: the page could not deliver for long" in losses["words"]
    assert [words.split()[0:3] for words in losses["do"]] == [
        ["Look", "whether", "the"], ["Send", "less", "with"], ["Look", "whether", "something"],
    ]  # fmt: skip


def test_what_was_refused(context_of: ContextOf) -> None:
    """Refusals are told by reason, the most frequent first; what is rare is worth knowing and no more."""
    rows = [sent(1, number, 5) for number in range(2_000)]
    context = context_of(rows, names={}, now=NOW, dead_letters=[letter("bad_event", "props: too long")])
    refusals = finding(context, "refusals")
    assert (refusals["state"], refusals["do"]) == ("know", [])
    letters = [
        letter("bad_event", "props: too long"),
        letter("bad_event", "x", 5),
        letter("too_deep", "y", 9),
    ]
    refusals = finding(context_of(rows, names={}, now=NOW, dead_letters=letters), "refusals")
    assert refusals["state"] == "act"
    told = [(each["reason"], each["events"], each["details"]) for each in refusals["facts"]["reasons"]]
    assert told == [("too_deep", 9, ["y"]), ("bad_event", 6, ["x", "props: too long"])]
    assert len(refusals["do"]) == 2


def test_a_year_s_refusals_are_a_share_of_a_year_s_events(context_of: ContextOf) -> None:
    """However many days are asked for, what came and what was refused are of the same ones."""
    rows = [sent(1, number, 24 * 200) for number in range(9_990)]
    letters = [letter("bad_event", "x", 10, days=200)]
    context = context_of(rows, names={}, now=NOW, dead_letters=letters)
    assert "10 events were refused (0.10%)" in finding(context, "refusals", days=365)["words"]
    assert "9,990 events in the last 365 days" in finding(context, "capturing", days=365)["words"]


def test_details_made_up_by_the_thousand(context_of: ContextOf) -> None:
    """However many details somebody makes up, a few are told, and all are counted."""
    letters = [letter("bad_event", f"detail {number:04}") for number in range(500)]
    (reason,) = finding(context_of([], names={}, now=NOW, dead_letters=letters), "refusals")["facts"][
        "reasons"
    ]
    assert (reason["events"], len(reason["details"])) == (500, 16)
