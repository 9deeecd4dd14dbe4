"""Cohorts of a site, in Python: the methods that `bs.open` and `bs.connect` share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backsight.requests import Request, in_json, moments, several, without_none

if TYPE_CHECKING:
    import pyarrow

    from backsight.cohorts import Cohort
    from backsight.results import CohortPreview, Result
    from backsight.results.result import Answer, Asked

Json = Mapping[str, Any]


class CohortQuestions(ABC):
    """The cohorts of one site: persons under a name, usable in every `person_where` as `{"cohort": NAME}`."""

    def preview_cohort(
        self,
        person_where: Json | Sequence[Json],
        *,
        timezone: str = "UTC",
        limit: int = 100,
        after: str | None = None,
        as_of: Result | Json | None = None,
    ) -> CohortPreview:
        """Who meets the conditions now, before anything is saved: how many persons, and `limit` of them.

        `after` is the `next` of the page before. Of a saved cohort: `[{"cohort": NAME}]`.
        """
        from backsight.results import CohortPreview

        request = without_none({"person_where": several(person_where), "limit": limit, "after": after})
        common = moments(None, None, None, timezone, as_of)
        return CohortPreview(*self._answer("cohort_preview", request | common))

    def define_cohort(
        self,
        name: str,
        person_where: Json | Sequence[Json] | None = None,
        *,
        users: Iterable[str] = (),
        devices: Iterable[str] = (),
        persons: Iterable[str | Json] = (),
        description: str = "",
        expected_version: int | None = None,
    ) -> Cohort:
        """Binds a name to conditions, or to a fixed list of `users` and `devices` (ids as the site gave them)
        and of `persons` as reports list them.

        A cohort with conditions is decided whenever it is asked for, one with a list stays as it is. A name
        that exists gets a new version. `expected_version` is the version that the caller last saw (0: none);
        Conflict where another stands by now. InvalidRequest for a cohort that would use itself.
        """
        from backsight.named_events import check_name

        lists = {"users": _each(users), "devices": _each(devices), "persons": _each(persons)}
        static = {key: value for key, value in lists.items() if value} or None
        conditions = in_json(several(person_where))
        definition = without_none({"person_where": conditions, "static": static})
        return self._put_cohort(
            check_name(name, "a cohort"), definition | {"description": description}, expected_version
        )

    def freeze_cohort(
        self,
        name: str,
        as_: str | None = None,
        *,
        timezone: str = "UTC",
        description: str | None = None,
        expected_version: int | None = None,
    ) -> Cohort:
        """Lists those who are in a cohort now as a static one: under the name `as_`, or as the next version
        of the cohort itself. `timezone` decides what its days are; `expected_version` is about the new name.
        """
        body = without_none({"as": as_, "timezone": timezone, "description": description})
        return self._freeze(name, body, expected_version)

    @abstractmethod
    def cohorts(self) -> list[Cohort]:
        """The cohorts, by name."""

    @abstractmethod
    def cohort(self, name: str) -> Cohort:
        """What a cohort is now. Raises NotFound."""

    @abstractmethod
    def delete_cohort(self, name: str, *, expected_version: int | None = None) -> None:
        """Takes a cohort away; its versions stay in its history. Raises NotFound, Conflict as `define_cohort`
        does, and InvalidRequest where another cohort uses it.
        """

    @abstractmethod
    def cohort_history(self, name: str) -> list[Cohort]:
        """Every version that a cohort had, newest first, deletions included. Raises NotFound."""

    # ── What a local and a remote site do in their own ways ─────────────────────────────────────────────────

    def _answer(self, report: str, request: Request) -> Asked:
        """A report's answer, what gives its SQL, and what asks the same again as of this answer."""
        from backsight.results.result import Again

        request = {key: in_json(value) for key, value in request.items()}
        answer, sql = self._report(report, request)
        return answer, sql, Again(self._answer, report, request, answer["meta"], self._rows)

    @abstractmethod
    def _report(self, report: str, request: Request) -> tuple[Answer, Callable[[], str]]:
        """A report's answer, and what gives its SQL."""

    @abstractmethod
    def _rows(self, report: str, request: Request) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        """The columns of a report's rows, and these part by part."""

    @abstractmethod
    def _put_cohort(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        """Keeps a cohort, and gives it as it then stands."""

    @abstractmethod
    def _freeze(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        """Lists those who are in a cohort now, and gives the static cohort."""


def _each(members: Iterable[str | Json]) -> object:
    """The ids, or of rows of a report's list the persons' numbers; a string is no list, to be refused."""
    if isinstance(members, str):
        return members
    return [each["person"] if isinstance(each, Mapping) else each for each in members]
