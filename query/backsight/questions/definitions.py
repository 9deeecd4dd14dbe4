"""Definitions as code, in Python: the methods that `bs.open` and `bs.connect` share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsight.errors import InvalidRequest
from backsight.requests import moments, without_none

if TYPE_CHECKING:
    from backsight.cohorts import Cohort
    from backsight.definitions import Applied, Document, Plan
    from backsight.named_events import NamedEvent

Json = Mapping[str, Any]


class DefinitionQuestions(ABC):
    """Named events and cohorts as a file has them: what an apply of it would do, and the apply."""

    @abstractmethod
    def events(self) -> list[NamedEvent]:
        """The named events, by name."""

    @abstractmethod
    def cohorts(self) -> list[Cohort]:
        """The cohorts, by name."""

    def plan(
        self,
        file: str | Path | Json,
        *,
        prune: bool = False,
        overwrite: bool | str | Sequence[str] = False,
        effects: bool = True,
        from_: str | date | datetime | None = None,
        to: str | date | datetime | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
    ) -> Plan:
        """What an apply of an events file (its path, or what it says as a mapping) would do.

        Nothing is changed. Unless `effects` are not wanted, it tells of each edit what it does to the past
        (over all of history, or a range of it), and which cohorts and saved reports move. `prune` deletes the
        names that no file has and this one does not know; `overwrite` says whether what was changed elsewhere
        since the last apply is overwritten, or for which names. Raises InvalidRequest with line and column,
        OSError.
        """
        from backsight.definitions import Plan

        document, body = _asked(file, prune, overwrite)
        asked = body | ({} if effects else {"effects": False}) | moments(from_, to, since, timezone)
        return Plan(_located(document, lambda: self._plan(asked)), body)

    def apply(
        self,
        file: str | Path | Json | Plan,
        *,
        prune: bool = False,
        overwrite: bool | str | Sequence[str] = False,
        fingerprint: str | None = None,
    ) -> Applied:
        """Does what a plan says, all of it or nothing: that of a `site.plan(...)`, whose file and options are
        then those of the plan; or of a file as it is now, where it still has that `fingerprint`, if one is
        given.

        Raises Conflict where it would overwrite what was changed elsewhere, and where the plan is not that
        one any more; InvalidRequest with line and column; OSError.
        """
        from backsight.definitions import Applied, Plan

        if isinstance(file, Plan):
            if prune or overwrite or fingerprint:
                raise InvalidRequest(
                    "a plan is applied as it is.", field="plan", valid="the options are those of the plan"
                )
            return Applied(self._apply({**file.request, "fingerprint": file.fingerprint}))
        document, body = _asked(file, prune, overwrite)
        asked = without_none({**body, "fingerprint": fingerprint})
        return Applied(_located(document, lambda: self._apply(asked)))

    def export_events(self, *, schema: str | None = None) -> str:
        """The named events and cohorts as an events file, of which a plan says that nothing changes.

        `schema` is where editors find what may stand in it: the path or address of the JSON schema. Cohorts
        that list persons stay out of it.
        """
        from backsight.definitions.writing import written

        return written(self.events(), self.cohorts(), schema or self._schema_place)

    _schema_place = "./events.schema.json"

    # ── What a local and a remote site do in their own ways ─────────────────────────────────────────────────

    @abstractmethod
    def _plan(self, body: Json) -> dict[str, Any]:
        """The answer of a plan."""

    @abstractmethod
    def _apply(self, body: Json) -> dict[str, Any]:
        """Applies, and tells what then stands."""


def _asked(
    file: str | Path | Json, prune: bool, overwrite: bool | str | Sequence[str]
) -> tuple[Document, dict[str, Any]]:
    """The document, checked, and the request that plans or applies it."""
    from backsight.definitions import read_definitions, read_document

    document = read_document(file)
    called = Path(document.path).name or None
    definitions = read_definitions(document.value, called, document.located)
    body: dict[str, Any] = {"definitions": document.value, "file": definitions.file}
    if overwrite:
        named = [overwrite] if isinstance(overwrite, str) else overwrite
        body["overwrite"] = named if isinstance(named, bool) else list(named)
    return document, body | ({"prune": True} if prune else {})


def _located(document: Document, ask: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = ask()
    except InvalidRequest as error:
        raise document.located(error) from error
    return answer
