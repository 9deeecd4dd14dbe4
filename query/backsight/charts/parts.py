"""What all charts are made of: the frame of a specification, layers, tooltips, axes.

One language everywhere: solid is what is counted and over; faint is what fell off or is owed to nothing;
hollow or dashed is what is not over yet. Figures stand beside their marks, counts before shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from backsight.charts.words import moment, plain

Spec = dict[str, Any]
Row = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
FITTED: Final = {"type": "fit-x", "contains": "padding"}
"""As wide as its room, axes and all; as high as it needs."""
WIDE: Final = 640
"""Pixels across, of the views of a picture that has several: Vega-Lite stretches a single one only."""
FAINT: Final = 0.25
"""How opaque what is not counted is."""
MARGIN: Final = 0.15
"""Of an axis, beside the longest bar: room for figures."""
QUANTITY: Final[Row] = {"type": "quantitative"}
NAMES: Final[Row] = {"type": "nominal", "sort": None, "title": None}
SHORT: Final = (
    "abs(datum.value) >= 1e6 ? replace(format(datum.value, '.3~s'), 'G', 'B') : format(datum.value, ',')"
)
"""A number of an axis: `1.2M` for millions, else in full."""
WHOLE: Final[Row] = {"axis": {"tickMinStep": 1, "tickCount": 5, "labelExpr": SHORT}, **QUANTITY}
"""Counts: no ticks between whole numbers."""
NUMBER: Final[Row] = {"axis": {"tickCount": 5, "labelExpr": SHORT}, **QUANTITY}
SHARE: Final[Row] = {"axis": {"tickCount": 5, "format": "~%"}, **QUANTITY}
_DAY: Final = "utcParse(slice(datum.value, 0, 10), '%Y-%m-%d')"
START: Final[Row] = {
    # Ordinal: a temporal axis would read a date as midnight in UTC and show it in the reader's zone.
    "field": "start",
    "type": "ordinal",
    "title": None,
    "axis": {
        "labelAngle": 0,
        "labelOverlap": "greedy",
        "labelSeparation": 10,
        "labelExpr": f"isValid({_DAY}) ? utcFormat({_DAY}, '%-d %b') + "
        "(length(datum.value) > 10 ? ' ' + slice(datum.value, 11, 16) : '') : datum.value",
    },
}
"""The axis of time: the beginnings of periods."""
HOVER: Final[Row] = {
    "name": "near",
    "select": {"type": "point", "on": "pointerover", "clear": "pointerout", "nearest": True},
}
"""The nearest point tells its figures, wherever the pointer is."""


def chart(rows: Sequence[Row], title: str | Row, description: str, **parts: Any) -> Spec:
    """A specification with its data, as wide as the page lets it be."""
    frame = {"$schema": SCHEMA, "description": description, "title": titled(title), "width": "container"}
    return {
        **frame,
        **({} if "width" in parts else {"autosize": FITTED}),
        "data": {"values": list(rows)},
        **parts,
    }


def titled(title: str | Row) -> Row:
    """A title that is cut off rather than wider than the chart."""
    return {**({"text": title} if isinstance(title, str) else title), "limit": {"expr": "width"}}


def headed(text: str, *said: str) -> Row:
    """A title, and in small letters under it what there is to know to read the chart."""
    told = [each for each in said if each]
    return {"text": text, "subtitle": told} if told else {"text": text}


def below(*charts: Spec) -> Spec:
    """Charts one below the other; one alone stays what it is."""
    if len(charts) == 1:
        return charts[0]
    words = " ".join(each["description"] for each in charts)
    own = {"legend": {"color": "independent", "shape": "independent"}}
    views = [_view(each) for each in charts]
    return {"$schema": SCHEMA, "description": words, "vconcat": views, "resolve": own}


def _view(spec: Spec) -> Spec:
    """A chart as a part of a picture: of a width that is known, in which its title has to do, too."""
    bare = {key: value for key, value in spec.items() if key not in ("$schema", "autosize")}
    if "title" in bare:
        bare["title"] = {**bare["title"], "limit": WIDE, "frame": "group"}
    return {**bare, "width": WIDE} if bare["width"] == "container" else bare


def nothing(words: str) -> Spec:
    """In place of a chart of nothing: a sentence."""
    said = {"type": "text", "align": "left", "fontSize": 13, "style": "muted"}
    place = {"x": {"value": 0}, "y": {"value": 20}, "text": {"field": "words"}}
    rows = [{"words": plain(words)}]
    frame = {
        "$schema": SCHEMA,
        "description": plain(words),
        "width": "container",
        "autosize": FITTED,
        "height": 40,
    }
    return {**frame, "data": {"values": rows}, "mark": said, "encoding": place}


def layer(mark: str, style: Row, test: str | None = None, /, **encoding: Any) -> Spec:
    """One layer; of the rows that pass a test, where there is one."""
    only = {"transform": [{"filter": test}]} if test else {}
    return {"mark": {"type": mark, **style}, "encoding": encoding, **only}


def bars(test: str | None = None, /, *, faint: bool = False, **encoding: Any) -> Spec:
    """A layer of bars, or of those of them that are not what is counted."""
    return layer("bar", {"opacity": FAINT} if faint else {}, test, **encoding)


def written(field: str, style: Row, test: str | None = None, /, **encoding: Any) -> Spec:
    """A layer of texts."""
    return layer("text", style, test, text={"field": field}, **encoding)


def tips(*told: tuple[str, str]) -> list[Row]:
    """Tooltips: fields with their titles. A field whose title ends in # is a count."""
    return [
        {"field": field, "title": title[:-1], "format": ",", **QUANTITY}
        if title.endswith("#")
        else {"field": field, "title": title, "type": "nominal"}
        for field, title in told
    ]


def bare(axis: Row) -> Row:
    """An axis without lines across: the figures stand at the bars."""
    return {**axis, "axis": {**axis["axis"], "grid": False}}


def when(start: str) -> Row:
    """The beginning of a period, for the axis and for people."""
    return {"start": plain(start), "when": moment(start)}


def reaching(values: Iterable[float | None], least: float = 1, margin: float = 0) -> Row:
    """A scale from zero to the largest value: where all is zero there is a ground line, not a middle."""
    most = max((value for value in values if value is not None), default=0)
    return {"scale": {"domain": [0, (most or least) * (1 + margin)], "nice": not margin}}
