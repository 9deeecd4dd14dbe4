"""Charts: valid Vega-Lite that hold the report's figures, whatever names and counts there are."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import altair
import jsonschema_rs
import pytest

from backsight import charts
from backsight.charts.themes import themed
from backsight.charts.words import moment
from query.chart_answers import EMPTY, MADE, funnel, lifecycle, objects, retention, spec, trend, values, views

HOSTILE = (
    "</script><img src=x onerror=alert(1)><!--\u202e שלום.a[0]['b']\\ \"q\" ${d}\x00\x1b[31m\n👩‍💻"
    + "x" * 300
)
SIZES = (0, 1, 1_204, 10**15)


@pytest.fixture(scope="module")
def vega_lite() -> jsonschema_rs.Draft7Validator:
    """Vega-Lite's own schema, as Altair brings it. Its definitions get names that are good in an address."""
    schema = json.loads(files("altair.vegalite.v6.schema").joinpath("vega-lite-schema.json").read_text())
    numbers = {f"#/definitions/{name}": str(number) for number, name in enumerate(schema["definitions"])}

    def renamed(part: Any) -> Any:
        if isinstance(part, list):
            return [renamed(each) for each in part]
        if not isinstance(part, dict):
            return part
        return {
            key: f"#/definitions/{numbers[each]}"
            if key == "$ref" and isinstance(each, str)
            else renamed(each)
            for key, each in part.items()
        }

    definitions = {numbers[f"#/definitions/{key}"]: each for key, each in schema["definitions"].items()}
    return jsonschema_rs.Draft7Validator(renamed({**schema, "definitions": definitions}))


def test_a_misspelt_mark_would_not_be_valid(vega_lite: jsonschema_rs.Draft7Validator) -> None:
    """The schema that the charts are held against refuses what is wrong deep within one."""
    text = json.dumps(spec("funnel"))
    assert vega_lite.is_valid(json.loads(text))
    assert not vega_lite.is_valid(json.loads(text.replace('"type": "bar"', '"type": "baar"')))


@pytest.mark.parametrize("chart", MADE)
def test_every_chart_is_valid(chart: str, vega_lite: jsonschema_rs.Draft7Validator) -> None:
    """With any name and any count: valid Vega-Lite and plain JSON, without a number that JSON lacks."""
    for name in ("Viewed", HOSTILE, ""):
        for size in SIZES:
            made = spec(chart, name, size)
            assert vega_lite.is_valid(made)
            assert json.loads(json.dumps(made, allow_nan=False)) == made


@pytest.mark.parametrize("chart", EMPTY)
def test_of_nothing_a_sentence_is_drawn(chart: str, vega_lite: jsonschema_rs.Draft7Validator) -> None:
    """An answer without figures is a sentence, not an empty frame."""
    assert vega_lite.is_valid(EMPTY[chart])
    (row,) = values(EMPTY[chart])
    assert row["words"].endswith(".")
    assert row["words"] == EMPTY[chart]["description"]


@pytest.mark.parametrize("chart", MADE)
def test_every_field_is_in_the_data(chart: str) -> None:
    """Every field that a chart encodes is a column of its data, and no name from the web is one."""
    for view in views(spec(chart, HOSTILE)):
        encoded: set[str] = set()
        for layer in view.get("layer", [view]):
            rows = values(layer) if "data" in layer else values(view)
            named = objects({**layer, "above": view.get("encoding", {})})
            fields = {each["field"] for each in named if isinstance(each.get("field"), str)}
            assert all(re.fullmatch("[a-z_0-9]+", field) for field in fields)
            assert all(fields <= row.keys() for row in rows)
            encoded |= fields
        assert encoded


@pytest.mark.parametrize("chart", MADE)
def test_no_text_is_live(chart: str) -> None:
    """A page may write a chart into a `<script>`, a reader may save it as SVG: no text ends the one, holds a
    control character, or turns the direction of what follows.
    """
    text = json.dumps(spec(chart, HOSTILE), ensure_ascii=False)
    assert "</" not in text
    assert "<!" not in text
    assert "<img" not in text
    assert "\\u0000" not in text
    assert "\\u001b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("chart", MADE)
def test_tooltips_are_for_people(chart: str) -> None:
    """Each line of a tooltip has a title in words, and wherever a share is told a count is, too."""
    for each in objects(spec(chart)):
        told = each.get("tooltip")
        if isinstance(told, list):
            assert all(re.fullmatch("[a-zA-Z ,]+", line["title"]) for line in told)
            counts = [line for line in told if line.get("format") == ","]
            worded = {"shown", "shared", "value", "persons"} & {line["field"] for line in told}
            assert counts or worded or chart in ("timeline", "explained")


@pytest.mark.parametrize("chart", MADE)
def test_no_colour_is_its_own(chart: str) -> None:
    """Colours come from the theme: a chart names none but black and white, on the cells of a heat map."""
    drawn = [each for view in views(spec(chart)) for each in objects(view)]
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgba?\(|hsl", json.dumps(drawn))
    named = {
        each[key] for each in drawn for key in ("color", "fill", "stroke") if isinstance(each.get(key), str)
    }
    assert named <= {"transparent"}


@pytest.mark.parametrize("chart", MADE)
def test_every_chart_has_words(chart: str) -> None:
    """Who hears a chart instead of seeing it hears what it is of, and a figure."""
    assert re.search(r"[a-z]+.*\d|\d.*[a-z]+", spec(chart)["description"])


@pytest.mark.parametrize("chart", ["retention", "paths", "cohort"])
def test_altair_takes_charts(chart: str) -> None:
    """Altair makes an object of views below each other, of layers and of one mark, and gives them back."""
    made = themed(spec(chart), "dark")
    again = altair.Chart.from_dict(made).to_dict(validate=False)
    assert again["config"] == made["config"]
    assert len(views(again)) == len(views(made))
    assert again["description"] == made["description"]


def test_a_funnel_says_who_reached_and_who_left() -> None:
    """Counts and shares, of the first step and of those who were there; equal labels stay apart."""
    told = ("name", "persons", "before", "dropped", "shown", "lost")
    assert [tuple(row[key] for key in told) for row in values(charts.funnel(funnel("A", 2_000)))] == [
        ("1. A", 2_000, 2_000, 0, "2,000", ""),
        ("2. A", 1_500, 2_000, 500, "1,500 · 75.0%", "500 dropped off (25.0%) · median 1 min"),
        ("3. A", 500, 1_500, 1_000, "500 · 25.0%", "1,000 dropped off (66.7%) · median 1 min"),
    ]


def test_groups_are_bars_with_their_names() -> None:
    """Each step has a bar a group; more groups than can be read are left to the table, and that is said."""
    whole = funnel("A", 100)
    many = {**whole, "groups": [{"value": [f"g{n}"], "steps": whole["steps"]} for n in range(11)]}
    drawn = charts.funnel(many)
    labels = [row["label"] for row in values(drawn) if row["number"] == 2]
    assert labels == ["2. A", *(f"g{n}: 75 · 75.0%" for n in range(8))]
    assert drawn["title"]["subtitle"] == ["the 8 largest groups; 3 more in the table"]


def test_a_funnel_has_a_view_for_each_thing_asked() -> None:
    """Bars, conversion by period, how long it took, how it grows."""
    drawn = views(spec("funnel with all", size=100))
    assert [each["title"]["text"] for each in drawn] == [
        "25.0% of 100 persons converted",
        "Converted, by period",
        "Time from step 1 to step 3",
        "Converted, with time",
    ]
    pending = [row["start"] for row in values(drawn[1]) if not row["complete"]]
    assert pending == ["2026-10-06", "2026-10-06"]
    assert [row["took"] for row in values(drawn[2])][:2] == ["0 s to 1 h", "1 h to 2 h"]
    assert values(drawn[3])[-1] | {"time": 0} == {
        "time": 0,
        "converted": 0.3,
        "shown": "30.0%",
        "watched": "70",
        "after": "30 min",
    }


def test_a_heat_map_has_a_cell_a_period_that_has_begun() -> None:
    """The first row is that of all cohorts together; what is not over has a mark."""
    line, heat = views(charts.retention(retention("A", 12)))
    told = ("cohort", "period", "returned", "size", "label_text", "complete")
    cells = [tuple(row[key] for key in told) for row in values(heat)]
    assert cells[:4] == [
        ("all", "0", 24, 48, "50.0%", True),
        ("all", "1", 12, 36, "33.3%", True),
        ("all", "2", 6, 24, "25.0%", True),
        ("all", "3-9", 2, 12, "16.7%", True),
    ]
    assert cells[-2:] == [
        ("4 Oct 2026 · 12", "0", 6, 12, "50.0%", True),
        ("4 Oct 2026 · 12", "1", 4, 12, "33.3%*", False),
    ]
    assert [(row["start"], row["value"], row["persons"]) for row in values(line)][:2] == [
        ("0", 0.5, "24 of 48"),
        ("1", 1 / 3, "12 of 36"),
    ]


def test_the_pooled_row_is_the_average() -> None:
    """Its counts are those of the report's own average, column by column."""
    answer = retention("A", 1_204)
    _, heat = views(charts.retention(answer))
    pooled = [row for row in values(heat) if row["cohort"] == "all"]
    assert [row["returned"] / row["size"] for row in pooled] == pytest.approx(answer["average"])


def test_a_trend_is_dashed_from_its_last_point_that_is_over() -> None:
    """A point per period and series; the last one that is over stands twice: there the dashes begin."""
    rows = values(charts.trend(trend("A", 8)))
    assert [(row["series"], row["start"], row["value"]) for row in rows if not row["joint"]] == [
        (name, f"2026-10-0{day}", value) for name, value in (("A", 8), ("B", 4)) for day in range(1, 7)
    ]
    assert [(row["series"], row["start"]) for row in rows if row["joint"]] == [
        ("A", "2026-10-05"),
        ("B", "2026-10-05"),
    ]
    assert {row["start"] for row in rows if not row["complete"]} == {"2026-10-06"}


def test_many_series_are_told_apart() -> None:
    """The largest have colours and shapes, in the answer's order; the rest, and what is pooled, are grey."""
    drawn = spec("trend of many", "g", 10)
    coloured = {row["series"] for row in values(drawn) if row["coloured"]}
    assert coloured == {f"g{n}" for n in range(7)}
    assert len({row["series"] for row in values(drawn)}) == 13
    assert "grey: 6 smaller ones" in drawn["title"]["subtitle"]


def test_a_trend_of_one_period_is_bars() -> None:
    """What has one period alone is no line: a bar a series, with what it was before."""
    (row,) = values(spec("trend of one period", "A", 300))
    assert (row["value"], row["label"]) == (300, "300, was 150 (+100.0%)")


def test_what_was_before_is_at_its_side() -> None:
    """Each point says what it was in the range before, and how much that changed."""
    rows = values(spec("trend compared", size=3))
    assert {(row["shown"], row["before"], row["change"]) for row in rows} == {("3", "1", "+200.0%")}


def test_who_is_dormant_hangs_below_the_line() -> None:
    """Dormant persons are drawn downwards, with their number as it is."""
    rows = values(charts.lifecycle(lifecycle("", 12)))
    assert {(row["state"], row["persons"], row["drawn"]) for row in rows} == {
        ("new", 12, 12),
        ("returning", 6, 6),
        ("resurrecting", 4, 4),
        ("dormant", 3, -3),
    }


def test_series_names() -> None:
    """Series that share a label are told apart by measure, and by number where that is shared too."""
    pairs = [("A", "events"), ("A", "persons"), ("B", "events"), ("C", "events"), ("C", "events")]
    names = charts.series_names([{"label": label, "measure": measure} for label, measure in pairs])
    assert names == ["A (events)", "A (persons)", "B", "C (events) #4", "C (events) #5"]


def test_rows_of_sql_are_of_the_day_that_stands_there() -> None:
    """Wherever the reader is: dates, and times without a zone, are neither read nor shown in the reader's."""
    made = charts.sql(
        "d", "n", [["2026-10-22", 1], ["2026-10-23T00:00:00", 2], ["2026-10-24T01:00:00Z", 3]], True
    )
    assert made["encoding"]["x"]["scale"] == {"type": "utc"}
    times = [row["x"] for row in made["data"]["values"]]
    assert times == ["2026-10-22", "2026-10-23T00:00:00Z", "2026-10-24T01:00:00Z"]


def test_bars_that_are_left_out_are_told() -> None:
    """Of many texts the first have bars, and the chart says of how many."""
    made = charts.sql("path", "n", [[f"/{number}", number] for number in range(70)], False)
    assert len(made["data"]["values"]) == 50
    assert made["title"]["subtitle"] == ["the first 50 of 70 rows"]


def test_no_two_groups_have_one_name() -> None:
    """Nor does a value that is called as what has none, or as the pooled: all are told apart."""
    groups: list[Any] = [
        None,
        [None],
        ["(none)"],
        ["(all others)"],
        ["a, b", "c"],
        ["a", "b, c"],
        [None, "c"],
    ]
    names = [charts.group_text({"group": group}) for group in groups]
    assert names[:3] == ["(all others)", "(none)", '"(none)"']
    assert len(set(names)) == len(groups)
    assert charts.group_text({"group": ["Firefox", "a b"]}) == "Firefox, a b"
    figures = {"conversions": 1, "persons": 1, "sum": 1}
    owed = [{"value": group, **figures} for group in [*groups, ["(unattributed)"]]]
    answer = {"groups": owed, "unattributed": figures, "total": figures}
    assert len({row["group"] for row in charts.credits_of(answer)}) == len(groups) + 2


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("2026-11-21", "Sat 21 Nov 2026"),
        ("2026-10-25T02:00:00+01:00", "Sun 25 Oct 2026, 02:00"),
        ("all", "all"),
    ],
)
def test_a_day_is_that_of_the_report(label: str, words: str) -> None:
    """Days and hours are told as they stand in the answer, in the report's timezone."""
    assert moment(label) == words


def test_times_of_a_person_are_those_of_the_report() -> None:
    """The clock on the wall of the report's timezone is what the axis and tooltips say."""
    rows: list[Any] = values(spec("explained"))
    assert rows[0]["when"] == "Sun 4 Oct 2026, 07:30:00"
    assert rows[0]["time"] == "2026-10-04T07:30:00.500000Z"
    assert values(spec("timeline"))[0]["when"] == "Sat 3 Oct 2026, 22:30:00"
