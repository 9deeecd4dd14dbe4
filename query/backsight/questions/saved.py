"""Saved reports of a site and links that share them, in Python: the methods that `bs.open` and `bs.connect`
share.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from backsight.errors import InvalidRequest
from backsight.requests import Request, in_json, without_none

if TYPE_CHECKING:
    from backsight.results import Result
    from backsight.results.result import Asked
    from backsight.saved_reports import SavedReport, ShareLink

Json = Mapping[str, Any]
DAYS = 30


class LinkDoor(Protocol):
    """Where requests about links are taken: to the store, or to a server."""

    def create(self, name: str, body: object) -> Json: ...
    def list(self, name: str) -> Json: ...
    def revoke(self, name: str, link_id: str) -> Json: ...


class SavedQuestions(ABC):
    """Questions under a name: asked anew whenever they are read, with versions, and links that share them."""

    _answer: Callable[[str, Request], Asked]
    server: str
    """The address at which the server is reached: of links that name no other."""

    def save(
        self,
        name: str,
        report: Result | str,
        request: Json | None = None,
        description: str = "",
        *,
        expected_version: int | None = None,
    ) -> SavedReport:
        """Saves a question under a name: that of a result (`site.save("Signups", funnel)`), or of a report's
        name and its request, as the HTTP API takes it.

        The question is saved, not its answer: `since="30d"` stays the last 30 days, named events are meant as
        they stand when it is asked, an `as_of` is left out. A name that exists gets a new version.
        `expected_version` is the version that the caller last saw (0: none); Conflict where another stands by
        now. Raises InvalidRequest for a report that can't be saved: lists of persons, one person's events.
        """
        kind, asked = _question(report, request)
        body = {"report": kind, "request": in_json(asked), "description": description}
        return self._save(name, body, expected_version)

    def saved_report(self, name: str) -> Result:
        """The answer of a saved report, asked anew. Raises NotFound, and InvalidRequest for a broken one."""
        from backsight.results import RESULTS

        saved = self.saved_question(name)
        return RESULTS[saved.report](*self._answer(saved.report, dict(saved.request)))

    @abstractmethod
    def saved(self) -> list[SavedReport]:
        """The saved reports, by name. `broken` says of each why it can't be asked at present, if it can't: a
        named event or cohort that it asks for was deleted.
        """

    @abstractmethod
    def saved_question(self, name: str) -> SavedReport:
        """What is saved under a name now. Raises NotFound."""

    @abstractmethod
    def delete_saved(self, name: str, *, expected_version: int | None = None) -> None:
        """Takes a saved report away, and all links to it; its versions stay in its history. Raises NotFound,
        and Conflict as `save` does.
        """

    @abstractmethod
    def saved_history(self, name: str) -> list[SavedReport]:
        """Every version that a saved report had, newest first, deletions included. Raises NotFound."""

    # ── Links ───────────────────────────────────────────────────────────────────────────────────────────────

    def share(
        self, name: str, days: int | None = DAYS, *, label: str = "", server: str | None = None
    ) -> ShareLink:
        """A link to a saved report: whoever has its `url` sees that report's answer, as it is at the time,
        and nothing else. It is told this once.

        It ends after `days` (1 to 365), also where the key that makes it ends sooner; None: when it is
        revoked, or that key ends. `label` says whom it is for; `server` is the address at which others reach
        the server (`"https://stats.example"`), where that is not the one that is asked. Raises InvalidRequest
        for a report that is broken down by persons' traits.
        """
        from backsight.saved_reports import ShareLink

        body = without_none({"label": label, "server": server}) | {"days": days}
        return ShareLink.from_json(self._link_door().create(name, body))

    def links(self, name: str) -> list[ShareLink]:
        """The links to a saved report, oldest first, those that ended included; without their `url`."""
        from backsight.saved_reports import ShareLink

        return [ShareLink.from_json({"url": None, **each}) for each in self._link_door().list(name)["links"]]

    def unshare(self, name: str, link_id: str) -> bool:
        """Ends a link, at once and for good; False where it was revoked already. Raises NotFound."""
        return bool(self._link_door().revoke(name, link_id)["revoked"])

    # ── What a local and a remote site do in their own ways ─────────────────────────────────────────────────

    @abstractmethod
    def _save(self, name: str, body: Request, expected_version: int | None) -> SavedReport:
        """Keeps a saved report, and gives it as it then stands."""

    @abstractmethod
    def _link_door(self) -> LinkDoor:
        """Where requests about links go."""


def _question(report: Result | str, request: Json | None) -> tuple[str, Request]:
    """The report and the request of a question that is to be saved."""
    if isinstance(report, str):
        if request is None:
            raise InvalidRequest(
                "the request is missing.", field="request", valid=f"what POST /v1/reports/{report} takes"
            )
        return report, dict(request)
    again = report._asked("report")
    if request is not None:
        raise InvalidRequest(
            "a result knows its own request.", field="request", valid="a result alone, or a report's name"
        )
    return again.report, {key: value for key, value in again.request.items() if key != "as_of"}
