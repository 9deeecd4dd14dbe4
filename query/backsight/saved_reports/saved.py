"""The saved reports of a site, as the store keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from backsight.cohorts import Cohorts
from backsight.errors import InvalidRequest, NotFound, nearest, shown
from backsight.fields import read_choice, read_object, refuse
from backsight.named_events import NamedEvents, check_description, check_name
from backsight.saved_reports.asked import REPORTS_SAVED, Names, require_askable
from backsight.saved_reports.report import Json, SavedReport, canonical, report_of
from backsight.store import Store, StoredVersion

FIELDS: Final = ("report", "request", "description")
MAX_BYTES: Final = 65_536
"""Of a request, as it is kept."""


class SavedReports:
    """The saved reports of one site. Every change is a version and an audit line."""

    def __init__(self, store: Store, site: str) -> None:
        self._store, self.site = store, site
        self._events, self._cohorts = NamedEvents(store, site), Cohorts(store, site)

    def list(self) -> Sequence[SavedReport]:
        """All that stand now, by name; each says whether it is broken."""
        names, now = self._names(), datetime.now(UTC)
        stored = self._store.current_versions(self.site, "report")
        return [_examined(report_of(version), names, now) for version in stored]

    def get(self, name: str) -> SavedReport:
        """What is saved under a name now. Raises NotFound with the nearest name."""
        latest = self._store.versions(self.site, name, "report")[-1:]
        if not latest or latest[0].deleted:
            raise self._unknown(name)
        return _examined(report_of(latest[0]), self._names(), datetime.now(UTC))

    def history(self, name: str) -> Sequence[SavedReport]:
        """Every version of a name, newest first, deletions included. NotFound where there never was one."""
        versions = self._store.versions(self.site, name, "report")
        if not versions:
            raise self._unknown(name)
        return [report_of(version) for version in reversed(versions)]

    def put(self, name: str, body: Json, actor: str = "", expected_version: int | None = None) -> SavedReport:
        """Keeps `{"report", "request", "description"}` under a name, and gives it as it then stands.

        What says the same as the present version changes nothing. `expected_version` is the version that the
        caller last saw, 0 for none; Conflict where another stands by now. Raises InvalidRequest for a bad
        name, and for what the report would not take.
        """
        checked, said = check_name(name, "a saved report"), read_object(body, "", FIELDS)
        report, request = self._question(said)
        version = StoredVersion(
            self.site, checked, 0, canonical(report, request),
            check_description(said.get("description") or ""), actor, datetime.now(UTC), kind="report",
        )  # fmt: skip
        number = self._store.add_version(version, expected_version)
        return next(each for each in self.history(checked) if each.version == number)

    def delete(self, name: str, actor: str = "", expected_version: int | None = None) -> int:
        """Takes a name away, and the links to it; gives the number of that version. NotFound, Conflict."""
        version = StoredVersion(
            self.site, name, 0, "", "", actor, datetime.now(UTC), deleted=True, kind="report"
        )
        try:
            return self._store.add_version(version, expected_version)
        except NotFound as error:
            if error.field == "site":
                raise
            raise self._unknown(name) from None

    def _question(self, said: Json) -> tuple[str, Json]:
        if said.get("report") is None:
            refuse("the report is missing.", "report", None, ", ".join(map(repr, REPORTS_SAVED)))
        report, request = read_choice(said["report"], "report", REPORTS_SAVED), said.get("request")
        if not isinstance(request, dict):
            refuse(
                f"{shown(request)} is no request.",
                "request",
                request,
                f"what POST /v1/reports/{report} takes",
            )
        given = {key: value for key, value in request.items() if value is not None}
        require_askable(report, given, self._names(), datetime.now(UTC))
        if (size := len(canonical(report, given))) > MAX_BYTES:
            refuse(f"the request has {size:,} bytes.", "request", None, f"at most {MAX_BYTES:,}")
        return report, given

    def _names(self) -> Names:
        return Names(self._events.current()[0], self._cohorts.current())

    def _unknown(self, name: str) -> NotFound:
        known = [version.name for version in self._store.current_versions(self.site, "report")]
        valid = nearest(name, known)
        return NotFound(f"there is no saved report {shown(name)}.", field="name", value=name, valid=valid)


def _examined(saved: SavedReport, names: Names, now: datetime) -> SavedReport:
    try:
        require_askable(saved.report, saved.request, names, now)
    except InvalidRequest as error:
        return replace(saved, broken=str(error))
    return saved
