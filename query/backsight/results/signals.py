"""The result of a search for signals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, Final

from backsight import charts
from backsight.errors import InvalidRequest
from backsight.results.result import Result
from backsight.results.tables import Table, count, counted, percent

if TYPE_CHECKING:
    import pyarrow


_OWN: Final = ("expected", "support", "lift", "odds_ratio", "chance")


class Signals(Result):
    """What nobody named and goes with the outcome, surest first. `signals` is the answer's list.

    Data frame: one row a signal, with `label`, `rule` (as JSON), `persons` (who did it), `support` (their
    share of all), `share` (of them, with the outcome), `expected` (the share among others who were as
    active), `lift` (`share` by `expected`), `odds_ratio`, `low` and `high` (its interval, at the confidence
    asked for, for all comparisons at once) and `chance` (that one so far from 1 comes up among all that were
    compared though nothing matters).
    """

    report: ClassVar[str] = "signals"

    @property
    def signals(self) -> list[dict[str, Any]]:
        """Per signal: rule, label, did and did_not (persons, outcome, share), expected, support, lift,
        odds_ratio, interval, chance.
        """
        signals: list[dict[str, Any]] = self.answer["signals"]
        return signals

    def rule(self, number: int = 1) -> dict[str, Any]:
        """The rule of a signal, by its number in the table (from 1): `site.define(NAME, rules=….rule(1))`
        names it, `site.preview(rules=….rule(1))` shows it. Raises InvalidRequest where there is no such one.
        """
        if not 1 <= number <= len(self.signals):
            valid = f"1 to {len(self.signals)}" if self.signals else "none: there are no signals"
            raise InvalidRequest("there is no such signal.", field="number", value=number, valid=valid)
        rule: dict[str, Any] = self.signals[number - 1]["rule"]
        return rule

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        figures = ("support", "share", "expected", "lift", "odds_ratio", "low", "high", "chance")
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
                "low": each["interval"][0],
                "high": each["interval"][1],
                **{name: each[name] for name in _OWN},
            }
            for each in self.signals
        ]

    def spec(self) -> dict[str, Any]:
        """Each signal's odds ratio with its interval, beside the line where nothing changes."""
        return charts.signals(self.answer)

    def _table(self) -> Table:
        header = ["", "what", "persons", "with outcome", "expected", "odds ×", "surely between"]
        rows = [
            [
                str(number), row["label"], count(row["persons"]), percent(row["share"]),
                percent(row["expected"]), f"{row['odds_ratio']:.2f}",
                f"{row['low']:.2f} and {row['high']:.2f}",
            ]
            for number, row in enumerate(self._rows(), 1)
        ]  # fmt: skip
        silent = [] if rows else ["Nothing stands out."]
        notes = [*silent, self._compared(), *self._notes()]
        return Table(header, rows, frozenset({1}), "Signals", notes)

    def _compared(self) -> str:
        population = self.answer["population"]
        things, persons = counted(self.answer["tested"], "thing"), counted(population["persons"], "person")
        share = percent(population["share"]) or "none"
        return f"{things} compared over {persons}, {share} of them with the outcome."
