"""The result of a search for signals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, count, percent

if TYPE_CHECKING:
    import pyarrow


class Signals(Result):
    """What nobody named and goes with the outcome, surest first. `signals` is the answer's list.

    Data frame: one row a signal, with `label`, `rule` (as JSON, ready for `define`), `persons` (who did it),
    `share` (of them, with the outcome), `others` (the share of those who did not), `lift` (`share` by that of
    all), `odds_ratio`, `low` and `high` (its interval, at the confidence asked for, for all comparisons at
    once) and `chance` (that one so far from 1 comes up among all that were compared though nothing matters).
    """

    report: ClassVar[str] = "signals"

    @property
    def signals(self) -> list[dict[str, Any]]:
        """Per signal: rule, label, did and did_not (persons, outcome, share), support, lift, odds_ratio,
        interval, chance.
        """
        signals: list[dict[str, Any]] = self.answer["signals"]
        return signals

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        figures = ("share", "others", "lift", "odds_ratio", "low", "high", "chance")
        return pa.schema(
            [
                ("label", pa.string()),
                ("rule", pa.string()),
                ("persons", pa.int64()),
                *((name, pa.float64()) for name in figures),
            ]
        )

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "label": each["label"],
                "rule": json.dumps(each["rule"], ensure_ascii=False),
                "persons": each["did"]["persons"],
                "share": each["did"]["share"],
                "others": each["did_not"]["share"],
                "low": each["interval"][0],
                "high": each["interval"][1],
                **{name: each[name] for name in ("lift", "odds_ratio", "chance")},
            }
            for each in self.signals
        ]

    def spec(self) -> dict[str, Any]:
        """Each signal's odds ratio with its interval, beside the line where nothing changes."""
        return charts.signals(self.answer)

    def _table(self) -> Table:
        header = ["what", "persons", "with outcome", "others", "odds ×", "surely between"]
        rows = [
            [
                row["label"], count(row["persons"]), percent(row["share"]), percent(row["others"]),
                f"{row['odds_ratio']:.2f}", f"{row['low']:.2f} and {row['high']:.2f}",
            ]
            for row in self._rows()
        ]  # fmt: skip
        return Table(header, rows, frozenset({0}), "Signals", [self._compared(), *self._notes()])

    def _compared(self) -> str:
        population = self.answer["population"]
        return (
            f"{count(self.answer['tested'])} things compared over {count(population['persons'])} persons,"
            f" {percent(population['share']) or 'none'} of them with the outcome."
        )
