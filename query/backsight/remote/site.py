"""A site behind a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from backsight.cohorts import Cohort
from backsight.definer_links import DefinerLink
from backsight.errors import Refused
from backsight.keys import SECRET_KEY
from backsight.named_events import NamedEvent, check_name
from backsight.questions import Questions
from backsight.remote.connection import Connection, path_of
from backsight.remote.doors import RemoteDeletions, RemoteKeys, RemoteLinks
from backsight.remote.rows import rows_of
from backsight.requests import REPORT_PATHS, Request
from backsight.results.result import Answer
from backsight.rules.rule import parse_rule
from backsight.saved_reports import SavedReport

if TYPE_CHECKING:
    import pyarrow

if TYPE_CHECKING:
    import pyarrow


class RemoteSite(Questions):
    """The site that a secret key belongs to. Safe to share between threads."""

    def __init__(self, url: str, key: str) -> None:
        if not SECRET_KEY.fullmatch(key):
            # The value stays out of the message: it may be a secret with a slip of the pen.
            raise Refused("this is no secret key", field="key", valid="a secret key, sk_…")
        self._connection = Connection(url, key, lambda: self.progress)
        self.server = url.rstrip("/")
        self._schema_place = f"{url.rstrip('/')}/v1/events.schema.json"
        try:
            self.site: str = self._connection.ask("GET", "/v1/events")["site"]
        except BaseException:
            self._connection.close()
            raise

    def events(self) -> list[NamedEvent]:
        return [_event(each) for each in self._connection.ask("GET", "/v1/events")["events"]]

    def event(self, name: str) -> NamedEvent:
        return _event(self._connection.ask("GET", path_of(name)))

    def delete_event(self, name: str, *, expected_version: int | None = None) -> None:
        self._connection.ask("DELETE", path_of(name), expected_version=expected_version)

    def history(self, name: str) -> list[NamedEvent]:
        return [_event(each) for each in self._connection.ask("GET", f"{path_of(name)}/history")["versions"]]

    def cohorts(self) -> list[Cohort]:
        return [_cohort(each) for each in self._connection.ask("GET", "/v1/cohorts")["cohorts"]]

    def cohort(self, name: str) -> Cohort:
        return _cohort(self._connection.ask("GET", path_of(name, "cohorts")))

    def delete_cohort(self, name: str, *, expected_version: int | None = None) -> None:
        self._connection.ask("DELETE", path_of(name, "cohorts"), expected_version=expected_version)

    def cohort_history(self, name: str) -> list[Cohort]:
        return [
            _cohort(each)
            for each in self._connection.ask("GET", f"{path_of(name, 'cohorts')}/history")["versions"]
        ]

    def saved(self) -> list[SavedReport]:
        return [SavedReport.from_json(each) for each in self._connection.ask("GET", "/v1/saved")["saved"]]

    def saved_question(self, name: str) -> SavedReport:
        return SavedReport.from_json(self._connection.ask("GET", path_of(name, "saved")))

    def delete_saved(self, name: str, *, expected_version: int | None = None) -> None:
        self._connection.ask("DELETE", path_of(name, "saved"), expected_version=expected_version)

    def saved_history(self, name: str) -> list[SavedReport]:
        told = self._connection.ask("GET", f"{path_of(name, 'saved')}/history")
        return [SavedReport.from_json(each) for each in told["versions"]]

    def close(self) -> None:
        self._connection.close()

    def _report(self, report: str, request: Request) -> tuple[Answer, Callable[[], str]]:
        path = REPORT_PATHS[report]
        answer = self._connection.ask("POST", path, request)
        return answer, lambda: str(self._connection.ask("POST", f"{path}/sql", request)["sql"])

    def _sql(self, request: Request) -> pyarrow.Table:
        return self._connection.table("/v1/sql", request)

    def _rows(self, report: str, request: Request) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        return rows_of(self._connection.stream(REPORT_PATHS[report], request))

    def _put_event(self, name: str, body: Request, expected_version: int | None) -> NamedEvent:
        return _event(self._connection.ask("PUT", path_of(name), body, expected_version))

    def _create_link(self, body: Request) -> DefinerLink:
        link = self._connection.ask("POST", "/v1/definer/links", body)
        return DefinerLink(link["url"], datetime.fromisoformat(link["expires"]))

    def _put_cohort(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        return _cohort(self._connection.ask("PUT", path_of(name, "cohorts"), body, expected_version))

    def _save(self, name: str, body: Request, expected_version: int | None) -> SavedReport:
        path = path_of(check_name(name, "a saved report"), "saved")
        return SavedReport.from_json(self._connection.ask("PUT", path, body, expected_version))

    def _link_door(self) -> RemoteLinks:
        return RemoteLinks(self._connection.ask)

    def _plan(self, body: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._connection.ask("POST", "/v1/events/plan", dict(body))
        return answer

    def _apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._connection.ask("POST", "/v1/events/apply", dict(body))
        return answer

    def _freeze(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        return _cohort(
            self._connection.ask("POST", f"{path_of(name, 'cohorts')}/freeze", body, expected_version)
        )

    def _live(self, request: Request) -> Answer:
        answer: Answer = self._connection.ask("GET", f"/v1/live?{urlencode(request)}")
        return answer

    def _key_door(self) -> RemoteKeys:
        return RemoteKeys(self._connection.ask)

    def _audit(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        query = urlencode({name: str(value) for name, value in request.items()})
        answer: Mapping[str, Any] = self._connection.ask("GET", f"/v1/audit?{query}")
        return answer

    def _deletion_door(self) -> RemoteDeletions:
        return RemoteDeletions(self._connection.ask)


def _event(answer: Mapping[str, Any]) -> NamedEvent:
    rules = tuple(parse_rule(rule, f"rules[{index}]") for index, rule in enumerate(answer["rules"]))
    known = {field.name: answer[field.name] for field in fields(NamedEvent)}  # a later server may say more
    return NamedEvent(**{**known, "rules": rules, "at": datetime.fromisoformat(answer["at"])})


def _cohort(answer: Mapping[str, Any]) -> Cohort:
    known = {field.name: answer[field.name] for field in fields(Cohort)}
    conditions = answer["person_where"]
    return Cohort(
        **{
            **known,
            "person_where": None if conditions is None else tuple(conditions),
            "at": datetime.fromisoformat(answer["at"]),
        }
    )
