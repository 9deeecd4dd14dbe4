"""What moves because of edits: cohorts and saved reports that use what is edited, before and after.

Which use it is asked of the reports themselves: making the SQL of a report (nothing is run) notes which names
and cohorts it looks up, a strict funnel all of them. Only those that use something edited are answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final

import numpy as np

from backsight.charts import group_text
from backsight.cohorts import Meaning
from backsight.definitions.definitions import Key
from backsight.errors import BacksightError, InvalidRequest, NotFound
from backsight.reports import membership
from backsight.reports.by_name import REPORTS
from backsight.rules.rule import RuleOrAny
from backsight.scan.context import Context

Json = dict[str, Any]
Request = Mapping[str, Any]
Persons = np.ndarray[Any, np.dtype[np.int64]]

MOST_FIGURES: Final = 12
"""Figures of one report that are told."""
BROKEN: Final = (InvalidRequest, NotFound)
"""What is raised where a name that is asked for does not stand."""


@dataclass(frozen=True)
class Side:
    """The site before the edits, or after them."""

    context: Context
    names: Mapping[str, tuple[RuleOrAny, ...]]
    versions: Mapping[str, int]
    cohorts: Mapping[str, Meaning]

    def fresh(self) -> Context:
        """A context that has not noted yet which names were looked up."""
        return replace(
            self.context, names=self.names, versions_of_names=self.versions, cohorts=self.cohorts,
            events_used=set(), cohorts_used=set(), began=perf_counter(),
        )  # fmt: skip

    def used(self, report: str, request: Request) -> set[Key]:
        """What a question looks up; as far as it can be asked."""
        context = self.fresh()
        try:
            REPORTS[report].sql(dict(request), context)
        except BROKEN as error:
            return self._noted(context) | _unknown(error)
        return self._noted(context)

    def answer(self, report: str, request: Request) -> Json | str:
        """The answer; or why there is none."""
        try:
            answer: Json = REPORTS[report].run(dict(request), self.fresh())
        except BROKEN as error:
            return str(error)
        return answer

    def members(self, cohort: str, timezone: str) -> Persons | str | None:
        """Who is in a cohort; None where there is no such cohort, or why it can't be told."""
        if cohort not in self.cohorts:
            return None
        request = {"person_where": [{"cohort": cohort}], "timezone": timezone}
        try:
            persons: Persons = membership.members(request, self.fresh()).to_numpy()
        except BROKEN as error:
            return str(error)
        return persons

    @staticmethod
    def _noted(context: Context) -> set[Key]:
        events: set[Key] = {("event", name) for name in context.events_used}
        return events | {("cohort", name) for name in context.cohorts_used}


def _unknown(error: BacksightError) -> set[Key]:
    """The name that does not stand, of which either kind may be meant."""
    return {("event", str(error.value)), ("cohort", str(error.value))}


@dataclass(frozen=True)
class Moves:
    """Both sides, and what differs between them."""

    before: Side
    after: Side
    edited: Collection[Key]
    timezone: str

    def cohort(self, name: str) -> Json:
        """The persons of a cohort before and after: how many, gained and lost, or why that can't be told."""
        before, after = (side.members(name, self.timezone) for side in (self.before, self.after))
        told: Json = {"name": name, "gained": None, "lost": None, "fails": None}
        told |= {"before": _count(before), "after": _count(after)}
        if isinstance(after, str):
            return {**told, "fails": after}
        if not isinstance(before, str):
            old, new = (np.empty(0, np.int64) if side is None else side for side in (before, after))
            told |= {"gained": len(np.setdiff1d(new, old)), "lost": len(np.setdiff1d(old, new))}
        return told

    def cohorts_that_use(self) -> Iterator[str]:
        """The cohorts, not edited themselves, that use something edited."""
        for name in sorted(self.before.cohorts.keys() & self.after.cohorts.keys()):
            request = {"person_where": [{"cohort": name}], "timezone": self.timezone}
            if ("cohort", name) not in self.edited and self._uses("cohort_preview", request):
                yield name

    def report(self, name: str, report: str, request: Request) -> Json | None:
        """A saved report's figures before and after; None of one that uses nothing edited."""
        if not self._uses(report, request):
            return None
        before, after = (side.answer(report, request) for side in (self.before, self.after))
        told: Json = {"name": name, "report": report, "fails": None, "moves": _plain(before) != _plain(after)}
        if isinstance(after, str):
            return {**told, "fails": after, "figures": []}
        figures = _compared(
            {} if isinstance(before, str) else figures_of(report, before), figures_of(report, after)
        )
        return {**told, "figures": figures}

    def _uses(self, report: str, request: Request) -> bool:
        return any(side.used(report, request) & set(self.edited) for side in (self.before, self.after))


def _count(members: object) -> int | None:
    return len(members) if isinstance(members, np.ndarray) else None


def _plain(answer: object) -> object:
    """An answer without what says where it comes from; of fractions, the digits that count."""
    if isinstance(answer, float):
        return float(f"{answer:.9g}")
    if isinstance(answer, dict):
        return {key: _plain(value) for key, value in answer.items() if key != "meta"}
    return [_plain(value) for value in answer] if isinstance(answer, list | tuple) else answer


def figures_of(report: str, answer: Json) -> dict[str, float | None]:
    """The figures by which a report is known, each by what it is called."""
    made = _FIGURES.get(report, _nothing)(answer)
    return dict(list(made.items())[:MOST_FIGURES])


def _compared(before: Mapping[str, float | None], after: Mapping[str, float | None]) -> list[Json]:
    named = list(dict.fromkeys([*before, *after]))[:MOST_FIGURES]
    return [{"figure": name, "before": before.get(name), "after": after.get(name)} for name in named]


def _nothing(answer: Json) -> dict[str, float | None]:
    return {}


def _funnel(answer: Json) -> dict[str, float | None]:
    return {f"{at}. {step['label']}": step["count"] for at, step in enumerate(answer["steps"], 1)}


def _trend(answer: Json) -> dict[str, float | None]:
    made: dict[str, float | None] = {}
    for at, series in enumerate(answer["series"], 1):
        group = group_text(series)
        label = series["label"] if group is None else f"{series['label']}: {group}"
        made[label if label not in made else f"{label} [{at}]"] = series["total"]
    return made


def _retention(answer: Json) -> dict[str, float | None]:
    shares = zip(answer["labels"], answer["average"], strict=False)
    made: dict[str, float | None] = {"persons who start": sum(row["size"] for row in answer["rows"])}
    return made | {f"return, {label} (%)": None if share is None else round(share * 100, 1)
                   for label, share in shares}  # fmt: skip


def _lifecycle(answer: Json) -> dict[str, float | None]:
    return {series["label"]: sum(series["values"]) for series in answer["series"]}


def _numbers(*names: str) -> Any:
    return lambda answer: {name: answer[name] for name in names}


def _attribution(answer: Json) -> dict[str, float | None]:
    owed = {"total": answer["total"], "unattributed": answer["unattributed"]}
    return {
        f"{side}: {name}": value
        for side, each in owed.items()
        for name, value in each.items()
        if isinstance(value, int | float)
    }


_FIGURES: Final[Mapping[str, Any]] = {
    "funnel": _funnel,
    "trend": _trend,
    "retention": _retention,
    "lifecycle": _lifecycle,
    "stickiness": _numbers("persons"),
    "paths": _numbers("paths", "persons"),
    "attribution": _attribution,
}

Saved = Sequence[tuple[str, str, Request]]
"""Saved reports: name, report and request."""
