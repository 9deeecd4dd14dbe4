"""The result of a paths report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from backsight import charts
from backsight.results.raw_events import RawEvents, behind
from backsight.results.result import Result
from backsight.results.tables import Table, count, counted, span

if TYPE_CHECKING:
    import pyarrow

_ENDS: Final = ("source", "target")


class Paths(Result):
    """Which way persons took. `edges` is the answer's list of edges, `steps` its list of steps.

    Data frame: one row an edge, with `step` (1, 2, … from where paths begin; -1, -2, … back from where they
    end), `source_kind`, `source`, `target_kind`, `target`, `events` (how often it was gone), `persons`, and
    `mean_seconds`, `median_seconds` from one node to the next.
    """

    report: ClassVar[str] = "paths"

    @property
    def edges(self) -> list[dict[str, Any]]:
        """Per edge: source and target (kind, name), step, events, persons, seconds (mean, median)."""
        edges: list[dict[str, Any]] = self.answer["edges"]
        return edges

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Per step, over all its edges, shown or not: step, edges, events, persons, stopped."""
        steps: list[dict[str, Any]] = self.answer["steps"]
        return steps

    def events(self, edge: Mapping[str, Any]) -> RawEvents:
        """The raw events at both ends of an edge: one of `edges`; or `{"step": 1}`, all edges of a step, with
        a `source` or a `target` (`{"kind", "name"}`) those that have it.

        Columns besides: `role` ("source", "target"), and `transition`, which the two rows of one share.
        """
        named = {key: edge[key] for key in ("step", *_ENDS) if key in edge}
        return behind(self._asked("events"), "paths", {"edge": named})

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        texts = [(name, pa.string()) for end in _ENDS for name in (f"{end}_kind", end)]
        counts = [(name, pa.int64()) for name in ("events", "persons")]
        seconds = [(f"{name}_seconds", pa.float64()) for name in ("mean", "median")]
        return pa.schema([("step", pa.int32()), *texts, *counts, *seconds])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {name: edge[name] for name in ("step", "events", "persons")}
            | {f"{end}_kind": edge[end]["kind"] for end in _ENDS}
            | {end: edge[end]["name"] for end in _ENDS}
            | {f"{name}_seconds": edge["seconds"][name] for name in ("mean", "median")}
            for edge in self.edges
        ]

    def spec(self) -> dict[str, Any]:
        """Columns of nodes, and bands between them as wide as they were often gone."""
        return charts.paths(self.answer)

    def _table(self) -> Table:
        header = ["step", "from", "to", "events", "persons", "median time"]
        rows = [
            [
                str(edge["step"]), edge["source"]["name"], edge["target"]["name"], count(edge["events"]),
                count(edge["persons"]), span(edge["seconds"]["median"]),
            ]
            for edge in self.edges
        ]  # fmt: skip
        title = f"{counted(self.answer['paths'], 'path')} of {counted(self.answer['persons'], 'person')}"
        return Table(header, rows, frozenset({1, 2}), title, self._notes())

    def _notes(self) -> list[str]:
        shown: dict[int, list[int]] = {}
        for edge in self.edges:
            shown.setdefault(edge["step"], []).append(edge["events"])
        left_out = [
            f"step {step['step']}: {counted(step['edges'] - len(own), 'smaller edge')}"
            f" ({counted(step['events'] - sum(own), 'event')}) left out"
            for step in self.steps
            if len(own := shown.get(step["step"], [])) < step["edges"]
        ]
        return [*left_out, *super()._notes()]
