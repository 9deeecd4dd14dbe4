"""The results of a funnel: how many got how far, and who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from backsight import charts
from backsight.requests import group_of
from backsight.results.funnel_tables import by_period, by_step, grew, groups_by_period, took
from backsight.results.person_list import PersonList
from backsight.results.raw_events import RawEvents, behind
from backsight.results.result import Result
from backsight.results.signals import Signals
from backsight.results.tables import Table

if TYPE_CHECKING:
    import pyarrow

Json = Mapping[str, Any]
_SHARES: Final = ("from_start", "from_previous")
_SECONDS: Final = ("mean", "median", "p90")


class FunnelPersons(PersonList):
    """Who reached a step of a funnel, or got no further than the one before.

    `times`, in each of `persons`, says when they did each step. Data frame: one row a person of the page,
    with `person`, `user_id`, and as JSON `device_ids`, `traits` and `times`.
    """

    report: ClassVar[str] = "funnel_persons"
    _as_json: ClassVar[tuple[str, ...]] = ("device_ids", "traits", "times")

    def events(self) -> RawEvents:
        """The raw events behind the list: of each attempt that reached the step, what did it; of those who
        dropped, what did the step before.
        """
        asked = self._asked("events")
        step = asked.request.get("step", len(asked.request["steps"]))
        own = {name: asked.request.get(name) for name in ("dropped", "group")}
        return behind(asked, "funnel", {"step": step, **own})

    def _more(self, person: Json) -> dict[str, str]:
        done = [time for time in person["times"] if time is not None]
        return {"last step (UTC)": max(done)[:19].replace("T", " ") if done else ""}


class Funnel(Result):
    """Who got how far. `steps` is the answer's list of steps.

    Data frame: one row a step, with `step` (from 1), `label`, `count` (persons, or what else is counted),
    `still_open` (who may yet get there), `from_start` and `from_previous` (shares of 1), the same as
    `settled_from_start` and `settled_from_previous` without those who are still open, and `mean_seconds`,
    `median_seconds`, `p90_seconds` since the step before; with exclusions `excluded` (who would have got
    there but for these). Where the funnel is broken down the rows are those of the groups, and `group` says
    whose; with an interval there are those of each period too, `start` its beginning (null: the whole range).
    """

    report: ClassVar[str] = "funnel"

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Per step: label, count, from_start, from_previous, still_open, settled, seconds; and `excluded`,
        with exclusions, `optional` (true), of steps that are.
        """
        steps: list[dict[str, Any]] = self.answer["steps"]
        return steps

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Per group of a breakdown: value, steps, and what else was asked for; none without one."""
        groups: list[dict[str, Any]] = self.answer.get("groups", [])
        return groups

    @property
    def trend(self) -> list[dict[str, Any]]:
        """Per period of the interval: start, complete, steps; none without one."""
        trend: list[dict[str, Any]] = self.answer.get("trend", [])
        return trend

    @property
    def histogram(self) -> dict[str, Any] | None:
        """How long it took: from, to (steps), persons, seconds, bins (from, to in seconds, count)."""
        histogram: dict[str, Any] | None = self.answer.get("histogram")
        return histogram

    @property
    def curve(self) -> list[dict[str, Any]]:
        """How the share of those who converted grows, where asked for: seconds, converted, at_risk."""
        curve: list[dict[str, Any]] = self.answer.get("curve", [])
        return curve

    def persons(
        self,
        step: int | None = None,
        *,
        dropped: bool = False,
        group: str | int | Sequence[str | int | None] | Json | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> FunnelPersons:
        """Who reached the step (from 1; the last, where none is named), or, `dropped`, the one before and no
        further.

        `group` is the value of one of the groups, alone or as a list, or `{"pooled": True}`.
        `limit` persons at a time; `after` is the `next` of the page before. Asked as of this answer.
        """
        own = {
            "step": step,
            "dropped": dropped or None,
            "group": group_of(group),
            "limit": limit,
            "after": after,
        }
        given = {key: value for key, value in own.items() if value is not None}
        return FunnelPersons(*self._asked("persons").also("funnel_persons", given))

    def events(
        self,
        step: int | None = None,
        *,
        dropped: bool = False,
        excluded: bool = False,
        group: str | int | Sequence[str | int | None] | Json | None = None,
        at: str | None = None,
    ) -> RawEvents:
        """The raw events that did the step in the attempts that count, one an attempt; without a step those
        of all. Of those who `dropped` it is what did the step before; `excluded` is what would have done the
        step but for the exclusions.

        `group` is the value of one of the groups, alone or as a list, or `{"pooled": True}`; `at` the `start`
        of a period of the interval. Columns besides: `step`, and `attempt`, which rows of one attempt share.
        """
        own = {"step": step, "dropped": dropped or None, "excluded": excluded or None,
               "group": group_of(group), "at": at}  # fmt: skip
        return behind(self._asked("events"), "funnel", own)

    def signals(
        self,
        step: int | None = None,
        *,
        limit: int = 20,
        at_least: int = 20,
        confidence: float = 0.95,
    ) -> Signals:
        """What nobody named, and who reached the step (the last, where none is named) did more often, or
        less, than who got to the one before and no further.

        Things done by `at_least` so many persons are compared; `confidence` is that of all comparisons
        together. Asked as of this answer.
        """
        own = {"limit": limit, "at_least": at_least, "confidence": confidence}
        given = own if step is None else {"step": step, **own}
        return Signals(*self._asked("signals").within("signals", "funnel", given))

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        texts = [*(["group"] if self.groups else []), *(["start"] if self.trend else [])]
        counts = [("count", pa.int64()), ("still_open", pa.int64())]
        shares = [(name, pa.float64()) for name in (*_SHARES, *(f"settled_{name}" for name in _SHARES))]
        seconds = [(f"{name}_seconds", pa.float64()) for name in _SECONDS]
        seconds += [("excluded", pa.int64())] if self._excludes else []
        own = [("step", pa.int32()), ("label", pa.string()), *counts, *shares, *seconds]
        return pa.schema([*((name, pa.string()) for name in texts), *own])

    @property
    def _excludes(self) -> bool:
        return any("excluded" in step for step in self.steps)

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"step": number, "label": label, "count": step["count"], "still_open": step["still_open"]}
            | {"excluded": step.get("excluded")}
            | {name: step[name] for name in _SHARES}
            | {f"settled_{name}": step["settled"][name] for name in _SHARES}
            | {f"{name}_seconds": step["seconds"][name] for name in _SECONDS}
            | where
            for steps, where in self._listed()
            for number, (step, label) in enumerate(
                zip(steps, charts.step_labels(self.answer, steps), strict=True), 1
            )
        ]

    def _listed(self) -> list[tuple[list[dict[str, Any]], dict[str, Any]]]:
        """The funnels that the answer holds, each with its group and period."""
        whole = self.groups or [self.answer]
        named = [
            (each, {"group": charts.group_text({"group": each["value"]})} if self.groups else {})
            for each in whole
        ]
        return [
            (part["steps"], {**group, **({"start": part.get("start")} if self.trend else {})})
            for each, group in named
            for part in (each, *each.get("trend", ()))
        ]

    def spec(self) -> dict[str, Any]:
        """Bars that shrink from step to step, and what fell off at each; then whatever else was asked for."""
        return charts.funnel(self.answer)

    def _table(self) -> Table:
        made = by_period if self.trend and not self.groups else by_step
        return made(self.answer, self._notes())

    def _tables(self) -> list[Table]:
        """The funnel, then its groups over time, how long it took and how it grew, where asked for."""
        more = [groups_by_period(self.answer)] if self.trend and self.groups else []
        more += [took(self.answer)] if self.histogram and self.histogram["bins"] else []
        return [self._table(), *more, *([grew(self.curve)] if self.curve else [])]

    def __repr__(self) -> str:
        return "\n\n".join(table.text() for table in self._tables())

    def _repr_html_(self) -> str:
        return "".join(table.html() for table in self._tables())
