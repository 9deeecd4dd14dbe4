"""One version of a saved report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from backsight.store import StoredVersion

Json = Mapping[str, Any]


@dataclass(frozen=True)
class SavedReport:
    """One version of a saved report; a deletion asks nothing: `report` is empty, `request` has no fields."""

    name: str
    report: str
    """Which report: `funnel`, `retention`, `trend`, …"""
    request: Json
    """Its request, as it was given: `30d` stays 30 days ago, and a named event its name."""
    description: str
    version: int
    actor: str
    at: datetime
    deleted: bool = False
    broken: str | None = None
    """Why it can't be asked at present: a named event or cohort that it names was deleted. Of versions in a
    history always None.
    """

    def to_json(self) -> dict[str, Any]:
        """The saved report as the API shows it; `at` is RFC 3339."""
        return {**vars(self), "request": dict(self.request), "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, told: Json) -> Self:
        """The saved report of which the API told; a later server may say more."""
        known = {field.name: told[field.name] for field in fields(cls)}
        return cls(**{**known, "at": datetime.fromisoformat(told["at"])})


def report_of(version: StoredVersion) -> SavedReport:
    """A version as it was stored."""
    said: Json = {"report": "", "request": {}} if version.deleted else json.loads(version.definition)
    return SavedReport(
        version.name, said["report"], said["request"], version.description, version.version, version.actor,
        version.at, version.deleted,
    )  # fmt: skip


def canonical(report: str, request: Json) -> str:
    """A question as the store keeps it."""
    return json.dumps({"report": report, "request": request}, sort_keys=True, allow_nan=False)
