"""How trends, lifecycles and stickiness are shown: charts, tables and data frames."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from backsight import charts
from backsight.results import Lifecycle, Stickiness, Trend

META: dict[str, Any] = {"meta": {"warnings": []}}
LINES = {"values": [1, 2], "total": 3}
GROUPED: dict[str, Any] = {
    "labels": ["2026-10-01", "2026-10-02"],
    "complete": [True, True],
    "series": [
        {"label": "A", "measure": "events", "group": ["</script>", None], **LINES},
        {"label": "A", "measure": "events", "group": None, **LINES},
        {"label": "A", "measure": "avg", "property": "price", "group": ["</script>", None], **LINES},
        {
            "label": "A",
            "measure": "avg",
            "property": "price",
            "group": None,
            "values": [None, 1.5],
            "total": 1.5,
        },
    ],
    **META,
}
COMPARED: dict[str, Any] = {
    "labels": ["2026-10-01", "2026-10-02"],
    "complete": [True, False],
    "previous_labels": ["2026-09-29", "2026-09-30"],
    "series": [
        {"label": "A", "measure": "active_persons", "over": "7d", **LINES,
         "previous": {"values": [0, 7], "total": 7}},
    ],
    **META,
}  # fmt: skip
CALCULATED: dict[str, Any] = {
    "labels": ["2026-10-01"],
    "complete": [True],
    "series": [
        {"label": "A", "measure": "events", "values": [4], "total": 4},
        {"label": "rate", "formula": "A / 8", "values": [0.5], "total": 0.5},
    ],
    **META,
}
LIFECYCLE: dict[str, Any] = {
    "labels": ["2026-10-01", "2026-10-02"],
    "complete": [True, False],
    "series": [
        {"label": label, "values": values}
        for label, values in (
            ("new", [1, 2]),
            ("returning", [0, 1]),
            ("resurrecting", [0, 0]),
            ("dormant", [3, 0]),
        )
    ],
    **META,
}
STICKINESS: dict[str, Any] = {
    "interval": "week",
    "persons": 4,
    "rows": [
        {"periods": 1, "persons": 3, "share": 0.75, "at_least": 1.0},
        {"periods": 2, "persons": 1, "share": 0.25, "at_least": 0.25},
    ],
    **META,
}


def no_sql() -> str:
    """No result here is asked for its SQL."""
    raise AssertionError


def test_groups_have_names() -> None:
    """Series are told apart by measure and group; what is missing and what is pooled have words."""
    assert charts.series_names(GROUPED["series"]) == [
        "A (events): </script>, (none)",
        "A (events): (all others)",
        "A (avg of price): </script>, (none)",
        "A (avg of price): (all others)",
    ]


def test_formulas_are_drawn_alone() -> None:
    """Where there are formulas the chart draws these; the table shows everything."""
    drawn = {row["series"] for row in charts.trend(CALCULATED)["data"]["values"]}
    assert drawn == {"rate"}
    assert repr(Trend(CALCULATED, no_sql)).splitlines()[2].split() == ["start", "A", "rate"]


def test_a_trends_frame_has_what_was_asked() -> None:
    """Counts are whole numbers, other measures are not; groups and earlier values have columns."""
    grouped = Trend(GROUPED, no_sql).to_arrow()
    assert grouped.column_names == ["start", "series", "measure", "group", "value"]
    assert grouped["value"].to_pylist() == [1, 2, 1, 2, 1, 2, None, 1.5]
    assert grouped["group"].to_pylist()[:3] == ["</script>, (none)", "</script>, (none)", "(all others)"]
    compared = Trend(COMPARED, no_sql).to_arrow()
    assert compared.column_names == ["start", "series", "measure", "value", "previous"]
    assert compared.schema.field("value").type == compared.schema.field("previous").type == pa.int64()
    assert compared["measure"].to_pylist()[0] == "active_persons over 7d"


def test_a_trends_table_says_no_more_than_it_takes() -> None:
    """The intervals before stand beside each series; groups of one series need not repeat its name."""
    lines = [line.split() for line in repr(Trend(COMPARED, no_sql)).splitlines()]
    assert lines[2][-1] == "before"
    assert [line[-2:] for line in lines[4:]] == [["1", "0"], ["2", "7"], ["3", "7"]]
    first = {"label": "A", "measure": "events", "values": [1, 2], "total": 3}
    alone = {**GROUPED, "series": [{**first, "group": ["x"]}, {**first, "group": None}]}
    shown = [line.split("  ") for line in repr(Trend(alone, no_sql)).splitlines()]
    assert shown[0] == ["Trend: A"]
    assert [cell.strip() for cell in shown[2] if cell] == ["start", "x", "(all others)"]


def test_lifecycle_frame_and_table() -> None:
    """A row a period and state; in the table a period that is not over is marked."""
    shown = Lifecycle(LIFECYCLE, no_sql)
    assert shown.to_arrow().to_pylist()[1] == {
        "start": "2026-10-02", "state": "new", "persons": 2, "complete": False,
    }  # fmt: skip
    lines = repr(shown).splitlines()
    assert [line.split() for line in lines[4:6]] == [
        ["2026-10-01", "1", "0", "0", "3"],
        ["2026-10-02*", "2", "1", "0", "0"],
    ]
    assert "may still come" in lines[-1]


def test_stickiness_frame_and_table() -> None:
    """A row a number of periods; the table ends with everybody."""
    shown = Stickiness(STICKINESS, no_sql)
    assert shown.to_arrow().to_pylist() == STICKINESS["rows"]
    assert [line.split() for line in repr(shown).splitlines()[4:]] == [
        ["1", "3", "75.0%", "100.0%"],
        ["2", "1", "25.0%", "25.0%"],
        ["any", "4"],
    ]
