"""The result of a funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, count, percent, span

if TYPE_CHECKING:
    import pyarrow


_SHARES: Final = ("from_start", "from_previous")
_SECONDS: Final = ("mean", "median", "p90")


class Funnel(Result):
    """Who got how far. `steps` is the answer's list of steps.

    Data frame: one row a step, with `step` (from 1), `label`, `count` (persons), `still_open` (persons who
    may yet get there), `from_start` and `from_previous` (shares of 1), the same as `settled_from_start` and
    `settled_from_previous` without those who are still open, and `mean_seconds`, `median_seconds`,
    `p90_seconds` since the step before.
    """

    report: ClassVar[str] = "funnel"

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Per step: label, count, from_start, from_previous, still_open, settled, seconds."""
        steps: list[dict[str, Any]] = self.answer["steps"]
        return steps

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        counts = [("count", pa.int64()), ("still_open", pa.int64())]
        shares = [(name, pa.float64()) for name in (*_SHARES, *(f"settled_{name}" for name in _SHARES))]
        seconds = [(f"{name}_seconds", pa.float64()) for name in _SECONDS]
        return pa.schema([("step", pa.int32()), ("label", pa.string()), *counts, *shares, *seconds])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"step": number, "label": step["label"], "count": step["count"], "still_open": step["still_open"]}
            | {name: step[name] for name in _SHARES}
            | {f"settled_{name}": step["settled"][name] for name in _SHARES}
            | {f"{name}_seconds": step["seconds"][name] for name in _SECONDS}
            for number, step in enumerate(self.steps, 1)
        ]

    def spec(self) -> dict[str, Any]:
        """Bars that shrink from step to step, and what fell off at each."""
        return charts.funnel(self.answer)

    def _table(self) -> Table:
        header = ["", "step", "persons", "of first", "of previous", "still open", "median time"]
        rows = [
            [
                str(number), step["label"], count(step["count"]), percent(step["from_start"]),
                percent(step["from_previous"]) if number > 1 else "", count(step["still_open"]),
                span(step["seconds"]["median"]),
            ]
            for number, step in enumerate(self.steps, 1)
        ]  # fmt: skip
        return Table(header, rows, frozenset({1}), "Funnel", self._notes())
