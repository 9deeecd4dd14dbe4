"""Figures and texts as people read them, in tables and charts alike."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final

MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS: Final = "Mon Tue Wed Thu Fri Sat Sun".split()
JOINERS: Final = "\u200c\u200d"
"""Invisible, but parts of words and of emoji."""


def plain(text: str) -> str:
    """Text that is safe in a chart's data wherever a page embeds it, and reads in the order it was written.

    Altair's HTML writes the data into a `<script>` as it is, so that `</script>` in a name would end it (seen
    with Altair 6.3). A word joiner after `<` breaks that up and can't be seen. Control characters, which no
    SVG may hold, and those that turn the direction of what follows are shown escaped.
    """
    return "".join(char if _is_shown(char) else escaped(char) for char in text).replace("<", "<\u2060")


def escaped(char: str) -> str:
    r"""A character as `\x1b`, `\u202e`."""
    return char.encode("unicode_escape").decode()


def shortened(text: str, longest: int) -> str:
    """Of long text the middle is left out: what tells two apart stands at the end as often as in front."""
    if len(text) <= longest:
        return text
    behind = longest // 3
    return f"{text[: longest - 1 - behind]}…{text[-behind:]}"


def count(number: float | None) -> str:
    """`1,204`; what is not whole to two digits; empty for None."""
    if number is None:
        return ""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.2f}"


def counted(number: int, one: str, several: str | None = None) -> str:
    """`1 person`, `1,204 persons`."""
    return f"{count(number)} {one if number == 1 else several or one + 's'}"


def percent(share: float | None, digits: int = 1) -> str:
    """`25.7%` of a share of 1; empty for None."""
    return "" if share is None else f"{share * 100:.{digits}f}%"


def span(seconds: float | None) -> str:
    """A duration in its two largest units, `2 d 4 h`; empty for None."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 and seconds != whole else f"{whole} s"
    for size, unit, smaller, below in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size:,} {unit}" + (f" {rest} {below}" if rest else "")
    raise AssertionError(seconds)  # whole is at least 60 here


def moment(label: str, *, weekday: bool = True) -> str:
    """The beginning of a period in words: `Sat 21 Nov 2026`, of an hour `Sat 21 Nov 2026, 06:00`.

    Its day and hour are those of the report's timezone, as they stand in the label. Other labels stay.
    """
    try:
        start = datetime.fromisoformat(label)
    except ValueError:
        return plain(label)
    day = f"{start.day} {MONTHS[start.month - 1]} {start.year}"
    hour = f", {start:%H:%M}" if len(label) > len("2026-11-21") else ""
    return (f"{DAYS[start.weekday()]} " if weekday else "") + day + hour


def _is_shown(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
