"""What all charts are made of: the frame of a specification, layers, colours, texts that a page can hold."""

from __future__ import annotations

from typing import Any, Final

Spec = dict[str, Any]
Row = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
ACCENT: Final = "#3a8bb3"
"""Told from white and from a dark page alike."""
FAINT: Final = "rgba(58, 139, 179, 0.28)"
"""The same, so that the page shows through."""
AGAINST: Final = "#d9822b"
"""What speaks against."""
INK: Final = {"expr": "background && luminance(background) < 0.4 ? '#e6e6e6' : '#222'"}
"""Of a text on the page itself, which may be light or dark: Vega-Lite takes no theme's colour for a text."""
QUANTITY: Final = {"type": "quantitative"}
WHOLE: Final = {"axis": {"tickMinStep": 1}, **QUANTITY}
"""Counts: no ticks between whole numbers."""
START: Final = {
    # Ordinal: a temporal axis would read a date as midnight in UTC and show it in the reader's zone.
    "field": "start",
    "type": "ordinal",
    "title": None,
    "axis": {
        "labelAngle": 0,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
        # Of an hour the day and the time: 11-18 06:00.
        "labelExpr": "length(datum.value) > 10 ? replace(slice(datum.value, 5, 16), 'T', ' ') : datum.value",
    },
}
"""The axis of time: the beginnings of periods."""


def plain(text: str) -> str:
    """Text that is safe in a chart's data wherever a page embeds it.

    Altair's HTML writes the data into a `<script>` as it is, so that `</script>` in a name would end it (seen
    with Altair 6.3). A word joiner after `<` breaks that up and can't be seen.
    """
    return text.replace("<", "<\u2060")


def chart(rows: list[Row], **parts: Any) -> Spec:
    """A specification with its data."""
    return {"$schema": SCHEMA, "data": {"values": rows}, **parts}


def layer(mark: str, style: Row, test: str | None = None, **encoding: Any) -> Spec:
    """One layer; of the rows that pass a test, where there is one."""
    only = {"transform": [{"filter": test}]} if test else {}
    return {"mark": {"type": mark, **style}, "encoding": encoding, **only}


def percent(share: float | None) -> str:
    """A share of 1 as people read it; empty for None."""
    return "" if share is None else f"{share * 100:.1f}%"
