"""A plan: what an apply of a file would do, and what that does to the past.

POST /v1/events/plan
{"definitions": {"version": 1, "events": {…}}, "file": "events.yaml", "prune": false, "overwrite": [],
 "effects": true, "from": "2026-01-01", "to": null, "timezone": "UTC"}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backsight import runs
from backsight.cohorts import Meaning
from backsight.definitions.applying import apply
from backsight.definitions.definitions import Definition, Definitions, Key, read_definitions
from backsight.definitions.edits import Comparison, Edit, Wish, compare
from backsight.definitions.effects import Effects
from backsight.definitions.moves import Moves, Saved, Side
from backsight.fields import read_flag, read_list, read_object, read_string, refuse
from backsight.scan.context import Context
from backsight.scan.request import Common, read_common
from backsight.store import Store

APPLY_FIELDS: Final = ("definitions", "file", "prune", "overwrite", "fingerprint")
PLAN_FIELDS: Final = ("definitions", "file", "prune", "overwrite", "effects", "from", "to", "timezone")

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A plan's request, checked."""

    definitions: Definitions
    wish: Wish
    effects: bool
    common: Common
    timezone: str


def read_plan(request: object, now: datetime) -> Asked:
    """The request of a plan. Raises InvalidRequest, naming the field."""
    fields = _given(request, PLAN_FIELDS)
    definitions, wish = _read_both(fields)
    frame = {key: value for key, value in fields.items() if key in ("from", "to", "timezone")}
    effects = read_flag(fields.get("effects", True), "effects")
    return Asked(definitions, wish, effects, read_common(frame, now), str(fields.get("timezone", "UTC")))


def read_apply(request: object) -> tuple[Definitions, Wish, str | None]:
    """The request of an apply. Raises InvalidRequest, naming the field."""
    fields = _given(request, APPLY_FIELDS)
    fingerprint = fields.get("fingerprint")
    checked = None if fingerprint is None else read_string(fingerprint, "fingerprint", 100)
    return *_read_both(fields), checked


def _given(request: object, known: Sequence[str]) -> Mapping[str, object]:
    fields = read_object(request, "", known)
    if "definitions" not in fields:
        refuse("the definitions are missing.", "definitions", None, "what an events file says, as JSON")
    return {key: value for key, value in fields.items() if value is not None}


def _read_both(fields: Mapping[str, object]) -> tuple[Definitions, Wish]:
    file = fields.get("file")
    definitions = read_definitions(
        fields.get("definitions"), None if file is None else read_string(file, "file")
    )
    overwrite = fields.get("overwrite", [])
    names = None
    if not isinstance(overwrite, bool):
        listed = read_list(overwrite, "overwrite", shortest=0)
        names = frozenset(read_string(name, f"overwrite[{at}]") for at, name in enumerate(listed))
    elif not overwrite:
        names = frozenset()
    return definitions, Wish(read_flag(fields.get("prune", False), "prune"), names)


def make_plan(request: object, store: Store, context: Context, saved: Saved) -> Json:
    """The plan that a request asks for. Raises InvalidRequest for a file that can't be applied as it is."""
    asked = read_plan(request, context.now)
    comparison = compare(asked.definitions, store, context.snapshot.site, asked.wish)
    return _Planner(asked, comparison, context, saved).answer()


def make_apply(request: object, store: Store, site: str, actor: str) -> Json:
    """Applies the plan that a request asks for. Raises InvalidRequest as `make_plan` does, and Conflict."""
    definitions, wish, fingerprint = read_apply(request)
    return apply(compare(definitions, store, site, wish), store, site, actor, fingerprint)


@dataclass(frozen=True)
class _Planner:
    """Makes the answer of a plan, of a site at one snapshot."""

    asked: Asked
    comparison: Comparison
    context: Context
    """The site as it stands."""
    saved: Saved

    def answer(self) -> Json:
        plan, site = self.comparison, self.context.snapshot.site
        counts = self.asked.effects and bool(plan.edits)
        return {
            "site": site,
            "file": plan.definitions.file,
            "fingerprint": plan.fingerprint(site),
            "changes": bool(plan.edits),
            "held_back": [{"kind": edit.key[0], "name": edit.key[1]} for edit in plan.held_back],
            "edits": self._edits(),
            "cohorts": self._cohorts() if counts else [],
            "reports": self._reports() if counts else [],
            "unchanged": len(plan.kept),
            "left": [{"kind": each.kind, "name": each.name} for each in plan.left],
            "meta": self.context.meta(),
        }

    def _edits(self) -> list[Json]:
        """Every edit with its effect, one after another."""
        edits, made = self.comparison.edits, list[Json]()
        words = f"Counting what {len(edits)} edits do"
        with runs.stage(words, lambda: len(made) / len(edits)) if edits else nullcontext():
            for edit in edits:
                runs.check()
                made.append(edit_json(edit, self._effect(edit) if self.asked.effects else None))
        return made

    def _effect(self, edit: Edit) -> Json | None:
        if edit.action == "describe":
            return None
        if edit.key[0] == "cohort":
            return self._moves.cohort(edit.key[1]) if edit.moves_history else None
        return Effects(self._after.fresh(), self.asked.common).of(edit)

    def _cohorts(self) -> list[Json]:
        """The cohorts that move because of what they use."""
        return [self._moves.cohort(name) for name in self._moves.cohorts_that_use()]

    def _reports(self) -> list[Json]:
        """The saved reports that use something edited."""
        made: list[Json | None] = []
        with runs.stage("Asking the saved reports", lambda: len(made) / len(self.saved or " ")):
            for name, report, request in self.saved:
                runs.check()
                made.append(self._moves.report(name, report, request))
        return [told for told in made if told is not None]

    @cached_property
    def _moves(self) -> Moves:
        edited = {key for edit in self.comparison.edits if edit.action != "describe" for key in _keys(edit)}
        return Moves(self._before, self._after, edited, self.asked.timezone)

    @cached_property
    def _before(self) -> Side:
        context = self.context
        names = {name: context.names[name] for name in context.names}
        return Side(context, names, context.versions_of_names, context.cohorts)

    @cached_property
    def _after(self) -> Side:
        names, versions = dict(self._before.names), dict(self.context.versions_of_names)
        cohorts = dict(self.context.cohorts)
        for edit in self.comparison.edits:
            for kind, name in _keys(edit):
                if kind == "event":
                    names.pop(name, None)
                else:
                    cohorts.pop(name, None)
        for edit in self.comparison.edits:
            if (after := edit.after) is None:
                continue
            if after.kind == "event":
                names[after.name] = after.rules
                versions[after.name] = edit.version + 1
            else:
                cohorts[after.name] = _meaning(after, edit.version + 1)
        return Side(self.context, names, versions, cohorts)


def _keys(edit: Edit) -> set[Key]:
    return {side.key for side in (edit.before, edit.after) if side is not None}


def _meaning(definition: Definition, version: int) -> Meaning:
    conditions = tuple(json.loads(definition.text)["person_where"])
    return Meaning(version, conditions, lambda: pa.array(np.empty(0, np.int64)))


def edit_json(edit: Edit, effect: Json | None) -> Json:
    """An edit as the API tells it."""
    renamed = edit.action == "rename" and edit.before is not None
    return {
        "kind": edit.key[0],
        "name": edit.key[1],
        "action": edit.action,
        "from": edit.before.name if renamed and edit.before else None,
        "version": edit.version,
        "before": None if edit.before is None else edit.before.said,
        "after": None if edit.after is None else edit.after.said,
        "drift": None if edit.drift is None else {**edit.drift.to_json(), "overwritten": edit.overwritten},
        "effect": effect,
    }
