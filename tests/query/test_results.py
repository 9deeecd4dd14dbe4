"""Results: the same figures as data frame, text, HTML, CSV and chart."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from backsight import InvalidRequest, MissingExtra
from backsight.results import Activity, Elements, Funnel, Preview, Result, Retention, Trend
from backsight.results.tables import Table, count, counted, percent, printable, span

HOSTILE = '</script><img src=x onerror="alert()">'

META: dict[str, Any] = {
    "site": "shop",
    "snapshot": {"events": 3},
    "events": {"Bought": 2},
    "watermark": "2026-10-01T00:00:00Z",
    "ms": 1.5,
    "warnings": [f"look at {HOSTILE}"],
}


def step(
    label: str, number: int, of_first: float, of_previous: float, median: float | None
) -> dict[str, Any]:
    seconds = None if median is None else {"mean": median + 1, "median": median, "p90": median * 2}
    return {
        "label": label,
        "count": number,
        "from_start": of_first,
        "from_previous": of_previous,
        "still_open": 3,
        "settled": {"from_start": of_first / 2, "from_previous": of_previous / 2},
        "seconds": seconds or dict.fromkeys(["mean", "median", "p90"]),
    }


def funnel() -> Funnel:
    steps = [
        step("Viewed", 1_200, 1.0, 1.0, None),
        step(HOSTILE, 300, 0.25, 0.25, 130.0),
        step("=A1", 30, 0.025, 0.1, 7.5),
    ]
    return Funnel({"steps": steps, "meta": META}, lambda: "select 1")


def retention() -> Retention:
    rows = [
        {"start": "2026-10-01", "size": 200, "returned": [150, 50, 20], "complete": [True, True, True]},
        {"start": "2026-10-02", "size": 100, "returned": [80, 10, 0], "complete": [True, False, False]},
        {"start": "2026-10-03", "size": 0, "returned": [0, 0, 0], "complete": [True, False, False]},
    ]
    answer = {
        "rows": rows,
        "average": [0.766, 0.25, None],
        "labels": ["Day 0", "Day 1", "Day 2"],
        "meta": META,
    }
    return Retention(answer, lambda: "select 2")


def trend() -> Trend:
    series = [
        {"label": HOSTILE, "measure": "events", "values": [1, 2], "total": 3},
        {"label": "B", "measure": "persons", "values": [5, 0], "total": 4},
    ]
    labels, complete = ["2026-10-01", "2026-10-02"], [True, True]
    answer = {"labels": labels, "complete": complete, "series": series, "meta": META}
    return Trend(answer, lambda: "select 3")


def preview() -> Preview:
    daily = [{"date": "2026-10-01", "events": 7}, {"date": "2026-10-02", "events": 0}]
    nothing = {"from": "2026-10-01", "distinct": 0, "top": []}
    answer = {"events": 7, "persons": 2, "daily": daily, "elements": [], "overlaps": [], "texts": nothing,
              "pages": nothing, "difference": None, "meta": META}  # fmt: skip
    return Preview(answer, lambda: "select 4")


ALL = [funnel, retention, trend, preview]


@pytest.mark.parametrize("made", ALL)
def test_answer_and_meta(made: Any) -> None:
    """A result gives the answer as it came, and its meta."""
    assert made().answer["meta"] == META == made().meta


@pytest.mark.parametrize(("made", "sql"), [(funnel, "select 1"), (preview, "select 4")])
def test_sql(made: Any, sql: str) -> None:
    """A result gives its SQL when asked, not before."""
    assert made().sql() == sql
    asked: list[str] = []

    def answer() -> str:
        asked.append("now")
        return "select"

    result = Funnel({"steps": [], "meta": META}, answer)
    assert asked == []
    assert result.sql() == "select"
    assert asked == ["now"]


def test_funnel_frame() -> None:
    """A funnel's frame has one row a step, its seconds in columns of their own."""
    frame = funnel().to_polars()
    assert frame.columns[:7] == ["step", "label", "count", "still_open", "from_start", "from_previous",
                                 "settled_from_start"]  # fmt: skip
    assert frame.columns[7:] == ["settled_from_previous", "mean_seconds", "median_seconds", "p90_seconds"]
    assert frame.rows() == [
        (1, "Viewed", 1_200, 3, 1.0, 1.0, 0.5, 0.5, None, None, None),
        (2, HOSTILE, 300, 3, 0.25, 0.25, 0.125, 0.125, 131.0, 130.0, 260.0),
        (3, "=A1", 30, 3, 0.025, 0.1, 0.0125, 0.05, 8.5, 7.5, 15.0),
    ]


def test_retention_frame() -> None:
    """A retention's frame has one row per cohort and period; an empty cohort has no shares."""
    frame = retention().to_polars()
    assert frame.columns == ["start", "size", "period", "label", "returned", "share", "complete"]
    assert frame.rows()[:3] == [
        ("2026-10-01", 200, 0, "Day 0", 150, 0.75, True),
        ("2026-10-01", 200, 1, "Day 1", 50, 0.25, True),
        ("2026-10-01", 200, 2, "Day 2", 20, 0.1, True),
    ]
    assert frame.rows()[5:7] == [
        ("2026-10-02", 100, 2, "Day 2", 0, 0.0, False),
        ("2026-10-03", 0, 0, "Day 0", 0, None, True),
    ]


def measured_retention() -> Retention:
    """A retention with groups, brackets and values."""
    row = {"start": "2026-10-01", "size": 3, "returned": [2, 1], "complete": [True, False]}
    rows = [{**row, "values": [0.25, None]}]
    groups = [
        {"value": ["Firefox", None], "rows": rows, "average": [0.5, None]},
        {
            "value": None,
            "rows": [{**row, "size": 0, "returned": [0, 0], "values": [0.0, 0.0]}],
            "average": [None] * 2,
        },
    ]
    answer = {
        "rows": rows,
        "average": [2 / 3, None],
        "labels": ["Day 0", "Day 1-7"],
        "groups": groups,
        "meta": META,
    }
    return Retention(answer, lambda: "select 2")


def test_retention_frame_of_groups() -> None:
    """Broken down, the frame's rows are the groups', with what is measured."""
    frame = measured_retention().to_polars()
    assert frame.select("group", "label", "returned", "value").rows() == [
        ("Firefox, (none)", "Day 0", 2, 0.25),
        ("Firefox, (none)", "Day 1-7", 1, None),
        ("(all others)", "Day 0", 0, 0.0),
        ("(all others)", "Day 1-7", 0, 0.0),
    ]


def test_retention_text_of_groups() -> None:
    """In a terminal a line for each group follows the average; a value stands beside its share."""
    lines = [" ".join(line.split()) for line in repr(measured_retention()).splitlines()]
    assert "start size 0 1-7" in lines
    assert "2026-10-01 3 66.7% 0.25 33.3%*" in lines
    assert lines[lines.index("average 66.7%") + 1] == "Firefox, (none) 3 50.0%"


def test_persons_are_listed_of_a_site_alone() -> None:
    """A retention that was not asked of a site can't say who is in its cells."""
    with pytest.raises(InvalidRequest) as raised:
        retention().persons("2026-10-01")
    assert raised.value.field == "persons"


def test_trend_frame() -> None:
    """A trend's frame has one row per interval and series."""
    assert trend().to_polars().rows() == [
        ("2026-10-01", HOSTILE, "events", 1),
        ("2026-10-02", HOSTILE, "events", 2),
        ("2026-10-01", "B", "persons", 5),
        ("2026-10-02", "B", "persons", 0),
    ]


def test_preview_frame() -> None:
    """A preview's frame has one row a day."""
    assert preview().to_polars().rows() == [("2026-10-01", 7), ("2026-10-02", 0)]


@pytest.mark.parametrize("made", ALL)
def test_frames_agree(made: Any) -> None:
    """Arrow, Polars, pandas and CSV hold the same rows under the same names."""
    result: Result = made()
    arrow = result.to_arrow()
    assert result.to_polars().rows(named=True) == arrow.to_pylist()
    assert pa.Table.from_pandas(result.to_pandas(), schema=arrow.schema, preserve_index=False).equals(arrow)
    read = pl.read_csv(io.StringIO(result.to_csv()))
    assert read.columns == arrow.column_names
    assert read.height == arrow.num_rows


@pytest.mark.parametrize("made", ALL)
def test_empty(made: Any) -> None:
    """A result without figures still has its columns, a table and a chart."""
    full: Result = made()
    answer = {key: [] if isinstance(value, list) else value for key, value in full.answer.items()}
    empty = type(full)(answer, str)
    assert empty.to_arrow().schema.equals(full.to_arrow().schema)
    assert empty.to_arrow().num_rows == 0
    assert repr(empty)
    assert empty.chart().to_dict()


def test_meta_in_arrow() -> None:
    """The schema's metadata carries the answer's meta, through an Arrow stream too."""
    sink = io.BytesIO()
    table = funnel().to_arrow()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    read = pa.ipc.open_stream(sink.getvalue()).read_all()
    assert json.loads(read.schema.metadata[b"backsight"]) == META


@pytest.mark.parametrize("label", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_csv_formula(label: str) -> None:
    """A text that a spreadsheet would run gets an apostrophe in CSV; numbers don't."""
    result = Trend(
        {
            "labels": ["2026-10-01"],
            "complete": [True],
            "series": [{"label": label, "measure": "events", "values": [-1], "total": -1}],
            "meta": META,
        },
        str,
    )
    frame = pl.read_csv(io.StringIO(result.to_csv()), schema_overrides={"series": pl.String})
    assert frame["series"].to_list() == ["'" + label]
    assert frame["value"].to_list() == [-1]


def test_csv_quotes() -> None:
    """Commas, quotes and line breaks within a text survive CSV."""
    label = 'a,"b"\r\nc'
    result = Trend(
        {
            "labels": ["x"],
            "complete": [True],
            "series": [{"label": label, "measure": "events", "values": [1], "total": 1}],
            "meta": META,
        },
        str,
    )
    assert pl.read_csv(io.StringIO(result.to_csv()))["series"].to_list() == [label]


def test_funnel_text() -> None:
    """In a terminal a funnel is an aligned table, with shares in percent, durations in words, and the
    warnings.
    """
    assert repr(funnel()).splitlines() == [
        "Funnel",
        "",
        "   step                                    persons  of first  of previous  still open  median time",
        "-  --------------------------------------  -------  --------  -----------  ----------  -----------",
        "1  Viewed                                    1,200    100.0%                        3",
        "2  " + HOSTILE + "      300     25.0%        25.0%           3   2 min 10 s",
        "3  =A1                                          30      2.5%        10.0%           3        7.5 s",
        "",
        f"Warning: look at {HOSTILE}",
    ]


def test_retention_text() -> None:
    """In a terminal retention is a triangle of percentages; what is not over is marked, and the mark
    explained.
    """
    lines = repr(retention()).splitlines()
    assert [line.split() for line in lines[2:]][2:6] == [
        ["2026-10-01", "200", "75.0%", "25.0%", "10.0%"],
        ["2026-10-02", "100", "80.0%", "10.0%*"],
        ["2026-10-03", "0"],
        ["average", "76.6%", "25.0%"],
    ]
    assert "* not over yet; left out of the average" in lines


def test_retention_text_ends_with_what_has_begun() -> None:
    """Columns that no cohort has got to yet are left out of the table, not of the data frame."""
    made = retention()
    late = [[*row["returned"][:1], 0, 0] for row in made.rows]
    rows = [
        {**row, "returned": returned, "complete": [True, False, False]}
        for row, returned in zip(made.rows, late, strict=True)
    ]
    shown = Retention({**made.answer, "rows": rows, "average": [0.5, None, None]}, str)
    assert repr(shown).splitlines()[2].split() == ["start", "size", "0"]
    assert shown.to_polars()["period"].max() == 2


def test_trend_text() -> None:
    """In a terminal a trend has a column a series and a line of totals."""
    lines = [line.split("  ") for line in repr(trend()).splitlines()]
    assert lines[-3][0] == "total"
    assert lines[-3][-1] == "4"


def test_preview_text() -> None:
    """In a terminal a preview also names the elements, texts and pages that were matched, the names that they
    bear already, and what is gained and lost.
    """
    form = {
        "tag": "form",
        "attributes": {"id": "signup", "class": "card md:flex"},
        "text": "Sign up",
        "count": 1_200,
    }
    bare = {"tag": "svg", "attributes": {"class": None}, "text": None, "count": 1}
    answer = {
        **preview().answer,
        "elements": [form, *[bare] * 6],
        "overlaps": [{"name": "Joined", "events": 7}],
        "texts": {
            "from": "2026-10-01",
            "distinct": 4,
            "top": [
                {"text": text, "events": 1_204 - place}
                for place, text in enumerate(["Buy", None, "a\nb", "C", "D"])
            ],
        },
        "pages": {"from": "2026-10-02", "distinct": 1, "top": [{"path": "/join", "events": 7}]},
        "difference": {"gained": {"events": 1, "persons": 1}, "lost": {"events": 0, "persons": 0}},
    }
    lines = repr(Preview(answer, str)).splitlines()
    assert lines[0] == "7 events by 2 persons"
    assert lines[-12:] == [
        '1,200 x form#signup.card.md:flex "Sign up"',
        *["1 x svg"] * 4,
        "and 2 more elements",
        '4 texts since 2026-10-01: 1,204 x "Buy", 1,202 x "a\\nb", 1,201 x "C", …',
        '1 page since 2026-10-02: 7 x "/join"',
        "7 are 'Joined' already",
        "gains 1 event by 1 person",
        "loses 0 events by 0 persons",
        f"Warning: look at {HOSTILE}",
    ]


def test_activity_text() -> None:
    """In a terminal activity says when names were last seen, why they fell silent, and what repairs them."""
    known = {
        "from": "2026-10-01", "daily": [3, 0], "events": 1_203, "persons": 2, "last": "2026-10-01",
        "silent_since": "2026-10-02", "cause": "no_match", "words": "nothing matches",
    }  # fmt: skip
    repair = {"words": "button \x1b“Buy now”", "found": {"events": 1_400, "persons": 3}}
    quiet = {**known, "events": 0, "last": None, "silent_since": None, "cause": None, "words": None}
    events = [{"name": HOSTILE, "activity": known, "repair": repair},
              {"name": "B", "activity": quiet, "repair": None}]  # fmt: skip
    made = Activity({"events": events, "meta": META}, str)
    lines = [re.split(r" {2,}", line) for line in repr(made).splitlines()]
    assert lines[4][1:] == ["1,203", "2", "2026-10-01", "2026-10-02"]
    assert lines[5] == ["B", "0", "2", "never"]
    assert repr(made).splitlines()[-3].endswith(": nothing matches")
    assert "widened by button \\x1b“Buy now”: 1,400 events since" in repr(made).splitlines()[-2]
    assert made.to_polars().rows()[:3] == [
        (HOSTILE, "2026-10-01", 3), (HOSTILE, "2026-10-02", 0), ("B", "2026-10-01", 3),
    ]  # fmt: skip
    assert "<script>" not in made._repr_html_()


def test_elements_text() -> None:
    """In a terminal elements are numbered, with the name that would suit them and where they are."""
    each = {
        "name": "Click “Buy”", "words": f"the button {HOSTILE}", "rule": {"css": "a"}, "tag": "a",
        "events": 1_203, "persons": 2, "stability": 0.5,
        "pages": [{"path": "/a", "events": 2}, {"path": "/b", "events": 1}],
    }  # fmt: skip
    made = Elements({"elements": [each], "meta": META}, str)
    row = re.split(r" {2,}", repr(made).splitlines()[4].strip())
    assert (row[0], row[1], row[-3:]) == ("1", "Click “Buy”", ["1,203", "2", "/a, /b"])
    assert made.to_polars()["stability"].to_list() == [0.5]
    assert "<script>" not in made._repr_html_()


def test_long_table() -> None:
    """Of a long table the first and last rows are shown."""
    text = Table(["day", "n"], [[f"day {day}", str(day)] for day in range(100)], frozenset({0})).text()
    shown = [line.split("  ")[0].strip() for line in text.splitlines()[2:]]
    assert shown == [f"day {day}" for day in range(20)] + ["…"] + [f"day {day}" for day in range(80, 100)]


def test_a_table_that_is_too_wide_lies_on_its_side() -> None:
    """Many columns of few rows become rows; what is narrow, or would be no narrower, stays as it is."""
    names = [f"a long name {number}" for number in range(9)]
    wide = Table(
        ["day", *names], [["1", *"abcdefghi"], ["2", *"ABCDEFGHI"]], frozenset({0}), "Title"
    ).turned()
    assert wide.text().splitlines()[2].split() == ["1", "2"]
    assert wide.text().splitlines()[4].split() == ["a", "long", "name", "0", "a", "A"]
    narrow = Table(["day", "n"], [["1", "2"]])
    assert narrow.turned() is narrow
    square = Table(["", *names], [[name, *"abcdefghi"] for name in names])
    assert square.turned() is square


def test_nothing_has_no_header() -> None:
    """Without rows a table is its title and its notes."""
    assert Table(["name", "n"], [], title="Nobody", notes=["why"]).text() == "Nobody\n\nwhy"
    assert Table(["name", "n"], [], title="Nobody").text() == "Nobody"


def test_wide_characters_align() -> None:
    """Columns line up where characters take two cells of a terminal or none."""
    text = Table(
        ["name", "n"], [["買い物", "1"], ["cafe\u0301", "22"], ["plain", "3"]], frozenset({0})
    ).text()
    assert text.splitlines()[2:] == ["買い物   1", "cafe\u0301    22", "plain    3"]


@pytest.mark.parametrize("made", ALL)
def test_html_is_escaped(made: Any) -> None:
    """Whatever a name holds, a notebook shows it as text: in the table and in the chart's script."""
    result: Result = made()
    html = result._repr_html_()
    assert "<img" not in html
    assert html.count("<table") == 1
    shown = result._repr_mimebundle_()["text/html"]
    assert "<img" not in shown
    assert shown.count("</script") == 1


def test_without_altair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Altair a notebook shows the same chart and table; chart() says what to install."""
    shown = funnel()._repr_mimebundle_()
    hide(monkeypatch, "altair")
    assert funnel()._repr_mimebundle_() == shown
    assert shown["text/html"].endswith(funnel()._repr_html_())
    with pytest.raises(MissingExtra, match=r"chart\(\) needs altair.*pip install 'backsight\[notebook\]'"):
        funnel().chart()


def test_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pandas to_pandas() says what to install."""
    hide(monkeypatch, "pandas")
    with pytest.raises(MissingExtra, match=r"to_pandas\(\) needs pandas"):
        funnel().to_pandas()


def hide(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Makes a module look as if it were not installed."""
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == module else find(name, *rest)
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202eevil", "\\u202eevil"),
        ("x" * 50 + "y" * 50, "x" * 31 + "…" + "y" * 16),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """Control and direction characters are shown escaped, of long text the middle is left out."""
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""), (0, "0 s"), (0.25, "0.2 s"), (7.5, "7.5 s"), (59.4, "59 s"), (59.6, "1 min"),
        (60, "1 min"), (130, "2 min 10 s"), (3_600, "1 h"), (3_661, "1 h 1 min"), (86_400, "1 d"),
        (90_061, "1 d 1 h"), (86_400 * 1_200, "1,200 d"),
    ],
)  # fmt: skip
def test_span(seconds: float | None, shown: str) -> None:
    """A duration is shown in its two largest units."""
    assert span(seconds) == shown


def test_figures() -> None:
    """Counts have thousands apart, shares one digit; what is not known is empty."""
    assert (count(1_234_567), count(2.5), count(None)) == ("1,234,567", "2.50", "")
    assert (counted(1, "person"), counted(1_200, "person")) == ("1 person", "1,200 persons")
    assert (percent(0.1234), percent(1), percent(None)) == ("12.3%", "100.0%", "")
