"""Charts as pictures: drawn without a browser, in both themes, and what is seen held against the figures."""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
import vl_convert

from backsight import charts
from backsight.charts.lines import MOST_COLOURS
from backsight.charts.themes import DARK, GROUNDS, LIGHT, Theme, themed
from query.chart_answers import EMPTY, MADE, edge, funnel, lifecycle, retention, spec, stickiness, trend

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e שלום.a[0]['b']\\ \"q\" ${d}\x00\n" + "x" * 300
SVG = "{http://www.w3.org/2000/svg}"
THEMES: tuple[Theme, ...] = ("light", "dark")


def drawn(made: charts.Spec, theme: Theme = "light") -> ElementTree.Element:
    """The picture. A specification that does not compile raises, and so does one that is no XML."""
    svg = vl_convert.vegalite_to_svg(themed(made, theme), vl_version="6.4")
    assert "<img" not in svg
    return ElementTree.fromstring(svg)


def marks(picture: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    """The marks of a kind that can be seen, in the order of the data."""
    groups = (each for each in picture.iter(f"{SVG}g") if f"mark-{kind} role-mark" in each.get("class", ""))
    found = [each for group in groups for each in group if each.get("opacity") != "0"]
    return [each for each in found if each.get("d", "M0,0") or each.text]


def texts(picture: ElementTree.Element) -> list[str]:
    """Every text, those of axes and titles too."""
    return ["".join(each.itertext()) for each in picture.iter(f"{SVG}text")]


def bars(picture: ElementTree.Element) -> list[tuple[float, float]]:
    """Width and height of each bar."""
    found = []
    for each in marks(picture, "rect"):
        path = each.get("d", "")
        across = [abs(float(number)) for number in re.findall(r"h(-?[\d.]+)", path)]
        down = [abs(float(number)) for number in re.findall(r"v(-?[\d.]+)", path)]
        found.append((max(across, default=0.0), max(down, default=0.0)))
    return found


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("chart", MADE)
def test_every_chart_is_drawn(chart: str, theme: Theme) -> None:
    """In both themes there are marks and texts, whose ink is the theme's."""
    picture = drawn(spec(chart), theme)
    kinds = ("rect", "symbol", "line", "area", "text")
    assert any(marks(picture, kind) for kind in kinds)
    inks = {each.get("fill") for each in picture.iter(f"{SVG}text")}
    mine, other = (LIGHT, DARK) if theme == "light" else (DARK, LIGHT)
    assert mine["text"]["color"] in inks or mine["style"]["muted"]["color"] in inks
    assert other["text"]["color"] not in inks


@pytest.mark.parametrize("chart", MADE)
def test_any_name_and_any_count_is_drawn(chart: str) -> None:
    """Texts of all sorts, and a thousand million million of everything, make a picture that is not wider."""
    usual, odd = drawn(spec(chart)), drawn(spec(chart, HOSTILE, 10**15))
    assert float(odd.get("width", "0")) <= float(usual.get("width", "0")) + 340
    assert not any("\u202e" in text or "\n" in text for text in texts(odd))


@pytest.mark.parametrize("chart", MADE)
def test_nothing_at_all_is_drawn(chart: str) -> None:
    """Where everything is zero there is a picture, with its ground line and no NaN in it."""
    assert "NaN" not in ElementTree.tostring(drawn(spec(chart, size=0)), "unicode")


@pytest.mark.parametrize("chart", EMPTY)
def test_of_nothing_there_is_a_sentence(chart: str) -> None:
    """What is written in place of a chart is to be read."""
    assert EMPTY[chart]["description"] in texts(drawn(EMPTY[chart]))


def test_bars_of_a_funnel_are_as_long_as_their_counts() -> None:
    """Of each step those who reached it, and faint with them those of the step before."""
    picture = drawn(charts.funnel(funnel("A", 2_000)))
    widths = [width for width, _ in bars(picture)]
    longest = max(widths)
    dropped = [0, 500, 1_000]
    assert [round(width / longest * 2_000) for width in widths] == [*dropped, 2_000, 1_500, 500]
    assert {"2,000", "1,500 · 75.0%", "500 · 25.0%", "25.0% of 2,000 persons converted"} <= set(
        texts(picture)
    )


def test_a_heat_map_has_a_cell_for_each_figure() -> None:
    """Cells with their shares; those that are not over are hollow, and say so with a star."""
    answer = retention("A", 12)
    picture = drawn(charts.retention(answer))
    over = sum(sum(row["complete"]) for row in answer["rows"]) + len(answer["average"])
    begun = sum(
        not complete and returned > 0
        for row in answer["rows"]
        for complete, returned in zip(row["complete"], row["returned"], strict=True)
    )
    cells = marks(picture, "rect")
    assert len(cells) == over + begun
    assert sum(each.get("fill") is None for each in cells) == begun
    assert sum(text.endswith("%*") for text in texts(picture)) == begun


@pytest.mark.parametrize("theme", THEMES)
def test_a_share_can_be_read_on_its_cell(theme: Theme) -> None:
    """Whichever the theme, however dark the cell: its text is that of black and white which stands out."""
    picture = drawn(charts.retention(retention("A", 1_204)), theme)
    cells = [fill for each in marks(picture, "rect") if (fill := each.get("fill")) is not None]
    inks = [each.get("fill", "") for each in marks(picture, "text") if (each.text or "").endswith("%")]
    assert len(cells) == len(inks) > 0
    assert {"white", "black"} >= set(inks)
    named = {"white": "#ffffff", "black": "#000000"}
    assert all(contrast(named[ink], cell) >= 4.5 for ink, cell in zip(inks, cells, strict=True))


def test_a_lifecycle_stands_and_hangs_by_its_counts() -> None:
    """Heights are to each other as persons are."""
    heights = [height for _, height in bars(drawn(charts.lifecycle(lifecycle("", 12))))]
    assert [round(height / max(heights) * 12) for height in heights] == [12] * 6 + [6] * 6 + [4] * 6 + [3] * 6


def test_the_points_of_a_trend() -> None:
    """A point per period and series: of the last period, which is not over, hollow ones."""
    points = marks(drawn(charts.trend(trend("A", 8))), "symbol")
    hollow = [each for each in points if each.get("fill") is None]
    assert (len(points), len(hollow)) == (12, 2)


def test_a_zero_lies_on_the_ground() -> None:
    """Where all is zero, points lie on the axis and not in the middle of the picture."""
    points = marks(drawn(charts.trend(trend("A", 0))), "symbol")
    assert {each.get("transform", "").rpartition(",")[2] for each in points} == {"260)"}


def test_bars_of_stickiness() -> None:
    """A bar for each number of periods, and a line over them."""
    picture = drawn(charts.stickiness(stickiness("", 8)))
    first, second = bars(picture)
    assert first[1] == pytest.approx(second[1])
    assert len(marks(picture, "line")) == 1


def test_a_path_is_a_band_and_its_ends() -> None:
    """Of ten columns with forty edges each the largest are drawn, and labels do not meet."""
    edges = [
        edge(f"/{n}", f"/{(n * 7 + step) % 40}", step, 400 - 9 * n)
        for step in range(1, 10)
        for n in range(40)
    ]
    picture = drawn(charts.paths({"edges": edges, "steps": [], "paths": 9, "persons": 9, "meta": {}}))
    assert len(marks(picture, "area")) == 9 * 12
    assert "252 smaller bands not drawn" in texts(picture)
    spots: dict[float, list[float]] = {}
    for each in marks(picture, "text"):
        x, y = (float(number) for number in re.findall(r"-?[\d.]+", each.get("transform", ""))[:2])
        spots.setdefault(x, []).append(y)
    assert all(
        after - before >= 12 for column in spots.values() for before, after in pairwise(sorted(column))
    )


# ── Colours ─────────────────────────────────────────────────────────────────────────────────────────────────

SEEN_ON = {"light": ("#ffffff", "#f7f7f7"), "dark": ("#111111", "#1b1b1b", "#1e1e1e")}
"""Grounds of notebooks: JupyterLab, VS Code, our page."""


def contrast(one: str, other: str) -> float:
    """As WCAG 2 counts it: 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_texts_and_marks_can_be_read_on_every_ground(theme: Theme) -> None:
    """Texts have a contrast of 4.5 at least, marks of 3."""
    config: dict[str, Any] = {"light": LIGHT, "dark": DARK}[theme]
    inks = {config["text"]["color"], config["style"]["muted"]["color"], config["axis"]["labelColor"],
            config["axis"]["titleColor"], config["title"]["color"], config["title"]["subtitleColor"],
            config["legend"]["labelColor"]}  # fmt: skip
    for ground in (*SEEN_ON[theme], GROUNDS[theme]):
        assert all(contrast(ink, ground) >= 4.5 for ink in inks)
        assert all(contrast(colour, ground) >= 3 for colour in config["range"]["category"])


@pytest.mark.parametrize("theme", THEMES)
def test_colours_are_told_apart(theme: Theme) -> None:
    """Also by those who see no red or no green: the first four, which stand without shapes, and all
    of lines.
    """
    palette = {"light": LIGHT, "dark": DARK}[theme]["range"]["category"]
    for seen in (NORMAL, PROTANOPIA, DEUTERANOPIA):
        for coloured, apart in ((4, 0.1), (MOST_COLOURS, 0.06)):
            assert min(_distance(a, b, seen) for a, b in combinations(palette[:coloured], 2)) >= apart


def test_the_themes_have_the_same_keys() -> None:
    """A page changes from one to the other, and nothing of the one is left."""
    assert _keys(LIGHT) == _keys(DARK)


# Machado et al.: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009).
NORMAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)


def _linear(colour: str) -> list[float]:
    parts = (
        re.findall(r"\d+", colour)
        if colour.startswith("rgb")
        else [str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)]
    )
    shares = [int(part) / 255 for part in parts[:3]]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _distance(one: str, other: str, seen: tuple[tuple[float, ...], ...]) -> float:
    """In Oklab, where 1 lies between black and white."""
    return sum((a - b) ** 2 for a, b in zip(_oklab(one, seen), _oklab(other, seen), strict=True)) ** 0.5


@cache
def _oklab(colour: str, seen: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    linear = _linear(colour)
    red, green, blue = (min(max(sum(a * b for a, b in zip(row, linear, strict=True)), 0), 1) for row in seen)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _keys(value: object) -> object:
    return {key: _keys(each) for key, each in value.items()} if isinstance(value, dict) else None
