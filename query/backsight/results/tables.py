"""One small table, as text for a terminal and as HTML for a notebook; whatever stands in a cell, it stays
text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final

from backsight.charts.words import count, counted, escaped, percent, shortened, span

__all__ = ["LONGEST_CELL", "MOST_ROWS", "WIDEST", "Table", "count", "counted", "percent", "printable", "span"]

LONGEST_CELL = 48
"""Characters of a cell that a terminal shows."""
WIDEST = 100
"""Characters of a line that reads well: a wider table is turned on its side, where that is narrower."""
MOST_ROWS = 40
"""Rows shown; of more, the first and the last half of them."""


# Inline: a notebook that is not trusted, and pages that clean up HTML, leave no style sheet alone.
TABLE: Final = "border-collapse: collapse; font-variant-numeric: tabular-nums"
CAPTION: Final = (
    "caption-side: top; text-align: left; font-weight: 600; padding: 4px 10px 4px 0; white-space: nowrap"
)
CELL: Final = (
    "padding: 3px 14px 3px 0; border-bottom: 1px solid rgba(128, 128, 128, 0.25); vertical-align: top"
)
SHORT: Final = "white-space: nowrap"
LONG: Final = "min-width: 16em; max-width: 36em; white-space: normal; overflow-wrap: anywhere"
NOTE: Final = "margin: 4px 0"


@dataclass(frozen=True)
class Table:
    """Cells that are text already. The columns `left` (numbers, from 0) are aligned left, others right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: frozenset[int] = frozenset()
    title: str = ""
    notes: Sequence[str] = ()
    whole: frozenset[int] = frozenset()
    """Columns whose cells are never cut."""

    def text(self) -> str:
        """Aligned columns with a rule under the header, title above, notes below; without rows no header."""
        cells = [
            [printable(cell, None if at in self.whole else LONGEST_CELL) for at, cell in enumerate(row)]
            for row in [self.header, *_middle_left_out(self.rows)]
        ]
        widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
        lines = [self._line(row, widths) for row in cells]
        rule = "  ".join("-" * width for width in widths)
        head = [printable(self.title, None), ""] if self.title else []
        body = [lines[0], rule, *lines[1:], ""] if self.rows else []
        return "\n".join([*head, *body, *(printable(note, None) for note in self.notes)]).rstrip("\n")

    def turned(self) -> Table:
        """The table, or where that reads better the same on its side: a row a column."""
        if self._widest() <= WIDEST:
            return self
        columns = [[row[at] for row in self.rows] for at in range(len(self.header))]
        header = ["", *columns[0]]
        rows = [[name, *column] for name, column in zip(self.header[1:], columns[1:], strict=True)]
        aside = replace(self, header=header, rows=rows, left=frozenset({0}))
        return aside if aside._widest() < self._widest() else self

    def _widest(self) -> int:
        """Characters of its longest line."""
        return max(map(_width, self.text().splitlines()))

    def html(self) -> str:
        """A `<table>` in the page's own ink, which can be scrolled; every cell is escaped."""
        head = self._html_row("th", self.header)
        body = "".join(self._html_row("td", row) for row in _middle_left_out(self.rows))
        caption = f'<caption style="{CAPTION}">{escape(self.title)}</caption>' if self.title else ""
        notes = "".join(f'<div style="{NOTE}">{escape(note)}</div>' for note in self.notes)
        table = f'<table style="{TABLE}">{caption}<thead>{head}</thead><tbody>{body}</tbody></table>'
        return f'<div style="overflow-x: auto">{table}</div>{notes}'

    def to_json(self) -> dict[str, Any]:
        """The table for any page that draws one: title, header, rows, left, notes."""
        rows = [list(row) for row in _middle_left_out(self.rows)]
        texts = {"title": self.title, "header": list(self.header), "rows": rows}
        return {**texts, "left": sorted(self.left), "notes": list(self.notes)}

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        padded = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _width(cell))
            padded.append(cell + space if column in self.left else space + cell)
        return "  ".join(padded).rstrip()

    def _html_row(self, tag: str, row: Sequence[str]) -> str:
        sides = ["left" if column in self.left else "right" for column in range(len(row))]
        cells = [
            f'<{tag} style="text-align: {side}; {CELL}; {SHORT if len(cell) <= LONGEST_CELL else LONG}">'
            f"{escape(cell)}</{tag}>"
            for side, cell in zip(sides, row, strict=True)
        ]
        return f"<tr>{''.join(cells)}</tr>"


def printable(text: str, longest: int | None = LONGEST_CELL) -> str:
    """Text that can't move a terminal's cursor, recolour it or turn its direction: such characters are shown
    escaped. Of long text the middle is left out: what tells two apart stands at the end as often as in front.
    """
    plain = "".join(char if char.isprintable() else escaped(char) for char in text)
    return plain if longest is None else shortened(plain, longest)


def printable_lines(text: str) -> str:
    """Text of several lines, each as `printable` shows it, whole."""
    return "\n".join(printable(line, None) for line in text.split("\n"))


def _middle_left_out(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    if len(rows) <= MOST_ROWS:
        return rows
    half = MOST_ROWS // 2
    return [*rows[:half], ["…"] * len(rows[0]), *rows[-half:]]


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
