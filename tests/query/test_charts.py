"""Charts: valid Vega-Lite, whose data are the report's figures."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from backsight import charts

SECONDS = {"mean": 70.0, "median": 60.0, "p90": 90.0}
FUNNEL: dict[str, Any] = {
    "steps": [
        {
            "label": "A",
            "count": 200,
            "from_start": 1.0,
            "from_previous": 1.0,
            "seconds": dict.fromkeys(SECONDS),
        },
        {"label": "A", "count": 50, "from_start": 0.25, "from_previous": 0.25, "seconds": SECONDS},
        {
            "label": "C",
            "count": 0,
            "from_start": 0.0,
            "from_previous": 0.0,
            "seconds": dict.fromkeys(SECONDS),
        },
    ]
}
RETENTION: dict[str, Any] = {
    "rows": [
        {"start": "2026-10-01", "size": 4, "returned": [4, 2, 1], "complete": [True, True, True]},
        {"start": "2026-10-02", "size": 0, "returned": [0, 0, 0], "complete": [True, False, False]},
        {"start": "2026-10-03", "size": 2, "returned": [2, 1, 0], "complete": [True, False, False]},
    ],
    "average": [1.0, 0.5, 0.25],
    "labels": ["Day 0", "Day 1", "Day 2-4"],
}
RETENTION_BY_GROUP: dict[str, Any] = {
    **RETENTION,
    "groups": [
        {
            "value": ["</script>", None],
            "rows": [{**RETENTION["rows"][0], "values": [1.5, None, 0.0]}],
            "average": [0.75, 0.5, None],
        },
        {
            "value": None,
            "rows": [{**RETENTION["rows"][2], "values": [2, 0.0, 0.0]}],
            "average": [0.25, None, None],
        },
    ],
}
TREND: dict[str, Any] = {
    "labels": ["2026-10-01", "2026-10-02"],
    "series": [
        {"label": "A", "measure": "events", "values": [1, 2], "total": 3},
        {"label": "B", "measure": "persons", "values": [0, 5], "total": 5},
    ],
}
PREVIEW: dict[str, Any] = {"daily": [{"date": "2026-10-01", "events": 3}]}

SPECS = [
    charts.funnel(FUNNEL),
    charts.retention(RETENTION),
    charts.trend(TREND),
    charts.trend({**TREND, "labels": TREND["labels"][:1], "series": [{**TREND["series"][0], "values": [1]}]}),
    charts.preview(PREVIEW),
    charts.cohort_preview({"total": 1_204}),
    charts.activity([{"name": "</script>", "date": "2026-10-01", "events": 3}]),
    charts.elements({"elements": [{"words": "</script>", "events": 3, "persons": 1}]}),
]


SPEC_IDS = [
    "funnel",
    "retention",
    "trend",
    "trend of one period",
    "preview",
    "cohort",
    "activity",
    "elements",
]


def values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The data of a chart."""
    rows: list[dict[str, Any]] = spec["data"]["values"]
    return rows


@pytest.fixture(scope="module")
def vega_lite() -> jsonschema.Draft7Validator:
    """Vega-Lite's own schema, as Altair brings it."""
    schema = files("altair.vegalite.v6.schema").joinpath("vega-lite-schema.json").read_text()
    return jsonschema.Draft7Validator(json.loads(schema))


@pytest.mark.parametrize("spec", SPECS, ids=SPEC_IDS)
def test_valid(spec: dict[str, Any], vega_lite: jsonschema.Draft7Validator) -> None:
    """Every chart is valid Vega-Lite and plain JSON; a misspelt mark would not be."""
    vega_lite.validate(spec)
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    with pytest.raises(jsonschema.ValidationError):
        vega_lite.validate(json.loads(json.dumps(spec).replace('"type": "bar"', '"type": "baar"')
                                      .replace('"type": "rect"', '"type": "rekt"')
                                      .replace('"type": "text"', '"type": "tekst"')
                                      .replace('"type": "line"', '"type": "lion"')))  # fmt: skip


@pytest.mark.parametrize("spec", SPECS, ids=SPEC_IDS)
def test_fields_exist(spec: dict[str, Any]) -> None:
    """Every field that a chart encodes is a column of its data."""
    for part in spec.get("vconcat", [spec]):
        encoded = {each["field"] for each in _objects(part) if isinstance(each.get("field"), str)}
        assert encoded
        assert all(encoded <= row.keys() for row in values(part))


def test_funnel() -> None:
    """A funnel's bars hold who reached each step and who fell off since the one before; equal labels stay
    apart.
    """
    columns = ("step", "persons", "before", "dropped", "of first")
    assert [tuple(row[name] for name in columns) for row in values(charts.funnel(FUNNEL))] == [
        ("1. A", 200, 200, 0, "100.0%"),
        ("2. A", 50, 200, 150, "25.0%"),
        ("3. C", 0, 50, 50, "0.0%"),
    ]


def test_retention() -> None:
    """Over a heat map, which has a cell per cohort and period that has begun, stands the line of averages; an
    empty cohort has no share.
    """
    line, heat = charts.retention(RETENTION)["vconcat"]
    columns = ("cohort", "period", "share", "complete")
    assert [tuple(row[name] for name in columns) for row in values(heat)] == [
        ("2026-10-01 (4)", "0", 1.0, True),
        ("2026-10-01 (4)", "1", 0.5, True),
        ("2026-10-01 (4)", "2-4", 0.25, True),
        ("2026-10-02 (0)", "0", None, True),
        ("2026-10-03 (2)", "0", 1.0, True),
        ("2026-10-03 (2)", "1", 0.5, False),
    ]
    assert heat["encoding"]["y"]["sort"] == ["2026-10-01 (4)", "2026-10-02 (0)", "2026-10-03 (2)"]
    assert [(row["period"], row["share"]) for row in values(line)] == [("0", 1.0), ("1", 0.5), ("2-4", 0.25)]
    assert "color" not in line["encoding"]


def test_retention_by_group() -> None:
    """Broken down, there is a line for each group, named by its value; what is not over has no point."""
    lines, heat = charts.retention(RETENTION_BY_GROUP)["vconcat"]
    columns = ("group", "period", "share")
    assert [tuple(row[name] for name in columns) for row in values(lines)] == [
        ("<\u2060/script>, (none)", "0", 0.75),
        ("<\u2060/script>, (none)", "1", 0.5),
        ("(all others)", "0", 0.25),
    ]
    assert values(heat) == values(charts.retention(RETENTION)["vconcat"][1])


def test_trend() -> None:
    """A trend has a point per interval and series, intervals in the report's order."""
    assert values(charts.trend(TREND)) == [
        {"start": "2026-10-01", "series": "A", "measure": "events", "value": 1},
        {"start": "2026-10-02", "series": "A", "measure": "events", "value": 2},
        {"start": "2026-10-01", "series": "B", "measure": "persons", "value": 0},
        {"start": "2026-10-02", "series": "B", "measure": "persons", "value": 5},
    ]


def test_trend_of_one_period() -> None:
    """What has one period alone is no line: it has a bar a series, and one more each where it is compared."""
    one = {
        "labels": ["2026-10-01"],
        "series": [{"label": "A", "measure": "events", "values": [4], "total": 4}],
    }
    assert charts.trend(one)["mark"]["type"] == "bar"
    before = {**one, "previous_labels": ["2026-09-30"],
              "series": [{**one["series"][0], "previous": {"values": [3], "total": 3}}]}  # fmt: skip
    drawn = charts.trend(before)
    assert [(row["range"], row["value"]) for row in values(drawn)] == [("this range", 4), ("before", 3)]
    assert drawn["encoding"]["yOffset"]["field"] == "range"


def test_series_names() -> None:
    """Series that share a label are told apart by measure, and by number where that is shared too."""
    pairs = [("A", "events"), ("A", "persons"), ("B", "events"), ("C", "events"), ("C", "events")]
    names = charts.series_names([{"label": label, "measure": measure} for label, measure in pairs])
    assert names == ["A (events)", "A (persons)", "B", "C (events) #4", "C (events) #5"]


def test_labels_cannot_end_a_script() -> None:
    """A page may write a chart into a `<script>`: no label can end it or open a comment there."""
    hostile = json.loads(json.dumps([FUNNEL, TREND]).replace('"A"', '"</script><!--"'))
    text = json.dumps([charts.funnel(hostile[0]), charts.trend(hostile[1])], ensure_ascii=False)
    assert "</" not in text
    assert "<!" not in text


def _objects(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for key, child in value.items() if key != "data" for found in _objects(child))]
    return [found for child in value for found in _objects(child)] if isinstance(value, list) else []
