"""What the rows of each product's export say. A format reads one row at a time, and says it in terms of
`mapped`.

backsight.py   our own export       segment.py, posthog.py   in the words of the dialects that the collector
speaks plain.py       any table of events, by a mapping of its columns        mixpanel.py, amplitude.py"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from backsight_collector.imports.errors import ImportProblem
from backsight_collector.imports.formats.amplitude import Amplitude
from backsight_collector.imports.formats.backsight import Backsight
from backsight_collector.imports.formats.format import Format, Options
from backsight_collector.imports.formats.mixpanel import Mixpanel
from backsight_collector.imports.formats.plain import Plain
from backsight_collector.imports.formats.posthog import PostHog
from backsight_collector.imports.formats.segment import Segment
from backsight_collector.imports.mapped import Fields

__all__ = ["FORMATS", "Format", "Options", "detect"]

FORMATS: Final[Mapping[str, Callable[[Options], Format]]] = {
    "backsight": Backsight,
    "segment": Segment,
    "posthog": PostHog,
    "mixpanel": Mixpanel,
    "amplitude": Amplitude,
    "plain": Plain,
}
"""By name, the most particular first: the first that knows most of a file's rows is its format."""

_KNOWN: Final = {
    "backsight": Backsight.knows,
    "segment": Segment.knows,
    "posthog": PostHog.knows,
    "mixpanel": Mixpanel.knows,
    "amplitude": Amplitude.knows,
    "plain": Plain.knows,
}


def detect(rows: Sequence[Fields], name: str) -> str:
    """The format of a file, by its first rows. Raises ImportProblem, naming the columns, where none is
    clear."""
    for format_, knows in _KNOWN.items():
        if sum(knows(fields) for fields in rows) * 2 > len(rows):
            return format_
    keys = dict.fromkeys(key for fields in rows for key in fields)
    columns = ", ".join(key for key in keys if key.isprintable()) or "none that can be read"
    raise ImportProblem(
        f"{name}: the format is not clear; its first rows have these fields: {columns[:400]}. "
        f"Valid: --format {' | '.join(FORMATS)}; for any other table of events, --map time=COLUMN "
        "--map event=COLUMN."
    )
