"""The stretch of time that a report covers, at the ends of what can be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backsight.errors import InvalidRequest
from backsight.reports import lifecycle, retention, stickiness, trend
from query.conftest import ContextOf
from query.rows import event

DAY = datetime(2026, 10, 30, 12, tzinfo=UTC)
REPORTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "trend": (trend, {"series": ["A"]}),
    "trend compared": (trend, {"series": ["A"], "compare": "previous"}),
    "trend of all": (trend, {"series": ["A"], "interval": "all", "compare": "previous"}),
    "lifecycle": (lifecycle, {"event": "A"}),
    "stickiness": (stickiness, {"event": "A"}),
    "retention": (retention, {"start": "A", "return": "A", "periods": 3}),
}


@pytest.mark.parametrize(("report", "asked"), REPORTS.values(), ids=REPORTS.keys())
@pytest.mark.parametrize(
    "span",
    [
        pytest.param({"to": "1950-06-01"}, id="ends before 1970"),
        pytest.param({"to": "2026-10-29"}, id="ends before the first event"),
        pytest.param({"from": "2030-01-01"}, id="begins in the future"),
        pytest.param({"from": "1920-01-01", "to": "1920-01-01"}, id="the first day"),
        pytest.param({"from": "2060-12-31", "to": "2060-12-31"}, id="the last day"),
        pytest.param({"from": "2026-10-30T11:00:00Z", "to": "2026-10-30T11:00:00Z"}, id="an instant"),
    ],
)
def test_a_range_without_events_is_one_empty_period(
    context_of: ContextOf, report: Any, asked: dict[str, Any], span: dict[str, str]
) -> None:
    """Wherever a range lies, it is at least one period long, in which nobody is counted."""
    answer = report.run({**asked, **span}, context_of([event("A", DAY)]))
    rows = answer["rows"] if "rows" in answer else answer["labels"]
    assert len(rows) == 1
    counts = [each["values"] for each in answer.get("series", ())] + [
        [row.get("size", row.get("persons"))] for row in answer.get("rows", ())
    ]
    assert counts
    assert all(each == [0] for each in counts)


@pytest.mark.parametrize("over", ["1d", "3d"])
def test_active_persons_of_a_week_that_begins_before_the_range(context_of: ContextOf, over: str) -> None:
    """Where the range begins later in this week than today, its own last day is looked at, not today."""
    now, friday = datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 6, 12, tzinfo=UTC)
    asked = {
        "series": [{"event": "A", "measure": "active_persons", "over": over}],
        "interval": "week",
        "from": "2026-11-06",
        "to": "2026-11-07",
    }
    events = [event("A", friday), event("A", friday + timedelta(days=1), device=2)]
    wanted = {"1d": [1], "3d": [2]}[over]
    assert trend.run(asked, context_of(events, now=now))["series"][0]["values"] == wanted


def test_a_date_that_was_left_out_is_no_period(context_of: ContextOf) -> None:
    """Samoa had no 2011-12-30: the 31st follows the 29th, and who came on both came again."""
    days = [datetime(2011, 12, day, 22, tzinfo=UTC) for day in (28, 29, 30)]  # the 28th, 29th and 31st there
    context = context_of([event("A", day) for day in days])
    span = {"timezone": "Pacific/Apia", "from": "2011-12-29", "to": "2011-12-31"}
    active = {"event": "A", "measure": "active_persons", "over": "2d"}
    found = trend.run({"series": ["A", active], **span}, context)
    assert found["labels"] == ["2011-12-29", "2011-12-31"]
    assert [each["values"] for each in found["series"]] == [[1, 1], [1, 1]]
    states = lifecycle.run({"event": "A", **span}, context)["series"]
    assert {each["label"]: each["values"] for each in states}["returning"] == [1, 1]
    asked = {"start": "A", "return": "A", "cohort": "recurring", "periods": 2}
    rows = retention.run({**asked, **span}, context)["rows"]
    assert [(row["start"], row["size"], row["returned"]) for row in rows] == [
        ("2011-12-29", 1, [0, 1]),
        ("2011-12-31", 1, [0, 0]),
    ]


@pytest.mark.parametrize(
    ("report", "asked"),
    [
        (trend, {"series": [{"event": "A", "measure": "persons"}]}),
        (trend, {"series": [{"event": "A", "measure": "active_persons", "over": "7d"}]}),
        (lifecycle, {"event": "A"}),
        (stickiness, {"event": "A"}),
    ],
    ids=["trend", "active persons", "lifecycle", "stickiness"],
)
def test_centuries_of_odd_seconds_are_refused(
    context_of: ContextOf, report: Any, asked: dict[str, Any]
) -> None:
    """Helsinki's clocks stood at 1:39:49 until 1921: the calendar of these would fill all memory."""
    context = context_of([event("A", DAY)])
    span = {"interval": "month", "timezone": "Europe/Helsinki", "to": "2060-01-31"}
    with pytest.raises(InvalidRequest, match="odd seconds") as refused:
        report.run({**asked, **span, "from": "1920-01-02"}, context)
    assert refused.value.field == "from"
    answer = report.run({**asked, **span, "from": "1922-01-01"}, context)
    assert len(answer.get("labels", answer.get("rows"))) == 12 * 138 + 1
