"""A site whose lake is read in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from backsight import exports, waiting
from backsight.asking import Question
from backsight.audit import read_audit
from backsight.cohorts import Cohort, Cohorts, read_freeze
from backsight.definer_links import DefinerLink, read_link_request
from backsight.deletions import DeletionRequests
from backsight.engine import Engine
from backsight.errors import BacksightError, Gone
from backsight.identity import forget_identities
from backsight.keys import KeyRequests, Keys
from backsight.lake import Lake
from backsight.named_events import NamedEvent, NamedEvents, check_name
from backsight.questions import Questions
from backsight.reports import membership
from backsight.reports.as_of import AsOf, read_as_of
from backsight.reports.behind import Behind
from backsight.reports.by_name import REPORTS
from backsight.requests import Request, filters, moments
from backsight.results.result import Answer
from backsight.saved_reports import LinkRequests, SavedReport, SavedReports
from backsight.scan.context import Context
from backsight.store import Store
from backsight.trie_cache import TrieCache

if TYPE_CHECKING:
    import pyarrow

SERVER: Final = "http://127.0.0.1:8400"
"""Where `backsight up` serves a folder, unless it is told otherwise: for links that name no server."""


class Site(Questions):
    """One site of an open data directory. Safe to share between threads; every report reads one snapshot.

    `actor` is who the audit trail names for changes, `resources` what is let go of when the site is closed.
    """

    def __init__(self, site: str, lake: Lake, engine: Engine, store: Store, actor: str = "") -> None:
        self.site = site
        self.actor, self.server = actor, SERVER
        self.resources = ExitStack()
        self._lake, self._engine = lake, engine
        self._names = NamedEvents(store, site)
        self._cohorts = Cohorts(store, site)
        self._saved = SavedReports(store, site)
        self._store, self._keys = store, Keys(store)
        self._tries = TrieCache()
        self._captured: set[str] = set()
        self._noticed = lake.deletions_stamp()
        self._lock = Lock()

    def ask(self, report: str, request: Request) -> Question:
        """A request of the HTTP API with the site as it stands now, or stood (`as_of`); nothing is run.

        Raises InvalidRequest and Gone for an `as_of` that can't be had.
        """
        return self._ask(report, REPORTS[report], request)

    def ask_sql(self, request: Request) -> Question:
        """The same of a statement; its answer is `{"table": …}`, with `meta` in the schema's metadata."""
        from backsight.sandbox import question

        return self._ask("sql", question, request)

    def _ask(self, report: str, module: ModuleType | Behind, request: Request) -> Question:
        self.notice_deletions()
        own = {key: value for key, value in request.items() if key != "as_of"}
        as_of, now = request.get("as_of"), datetime.now(UTC)
        context = self._at(read_as_of(as_of, self.site, now)) if as_of is not None else self._at_once(now)
        again = partial(self._ask, report, module, request) if as_of is None else None
        return Question(report, module, own, context, now, again)

    def notice_deletions(self) -> bool:
        """Lets go of all that is kept for later questions, where a deletion of persons went on since the last
        time; whether it did.
        """
        stamp = self._lake.deletions_stamp()
        if stamp == self._noticed:
            return False
        self._noticed = stamp
        self._engine.forget()
        forget_identities(self._lake)
        return True

    def answer(self, report: str, request: Request) -> tuple[Answer, Callable[[], str]]:
        """The answer to a request, and what gives its SQL."""
        return self.ask(report, request).answer()

    def explain(self, report: str, request: Request) -> str:
        """The SQL that would answer a request; nothing is run."""
        return self.ask(report, request).sql()

    def export(
        self,
        path: str | Path,
        *,
        table: str = "events",
        events: Sequence[str] = (),
        format: str | None = None,  # noqa: A002  # as it is called everywhere
        from_: str | date | None = None,
        to: str | date | None = None,
        since: str | timedelta | None = None,
        timezone: str = "UTC",
        where: Any = None,
        person_where: Any = None,
        tell: exports.Tell = lambda share, rows: None,
    ) -> exports.Export:
        """Writes events (all, or those that bear one of some names), or another `table`, to a file or folder.

        A path that ends in `.parquet`, `.csv` or `.ndjson` is one file; any other a folder with a file a day,
        in `format` (Parquet). Without a range it is all of history. Gives the path and how many `rows`,
        `files` and `bytes` were written; `tell` hears of progress. Raises InvalidRequest, Conflict where
        something is there already, OSError.
        """
        asked = {"table": table, "events": list(events) or None, "format": format}
        asked |= moments(from_, to, since, timezone) | filters(where, person_where)
        now = datetime.now(UTC)
        read = exports.parse(path, {key: value for key, value in asked.items() if value is not None}, now)
        return exports.write(read, self._at_once(now), tell)

    def put_event(
        self, name: str, body: Mapping[str, Any], expected_version: int | None, actor: str
    ) -> NamedEvent:
        """Keeps a named event (`{"rules", "description"}`), and gives it as it then stands."""
        version = self._names.put(
            name, body.get("rules", []), body.get("description", ""), actor, expected_version
        )
        kept = self._names.history(check_name(name))
        return next(event for event in kept if event.version == version)

    def drop_event(self, name: str, expected_version: int | None, actor: str) -> None:
        """Takes a name away."""
        self._names.delete(name, actor, expected_version)

    def events(self) -> list[NamedEvent]:
        return list(self._names.list())

    def event(self, name: str) -> NamedEvent:
        return self._names.get(name)

    def delete_event(self, name: str, *, expected_version: int | None = None) -> None:
        self.drop_event(name, expected_version, self.actor)

    def history(self, name: str) -> list[NamedEvent]:
        return list(self._names.history(name))

    def create_link(self, body: Mapping[str, Any], actor: str, until: datetime | None = None) -> DefinerLink:
        """A link that opens the definer (`{"url", "minutes"}`), with a token of its own.

        It ends `until` then at the latest: when the key does that asks for it.
        """
        asked = read_link_request(body)
        expires = datetime.now(UTC) + timedelta(minutes=asked.minutes)
        expires = expires if until is None else min(expires, until)
        made = self._keys.create_definer(self.site, asked.origin, expires, actor)
        return DefinerLink(asked.with_token(made.key), expires)

    def key_requests(self, actor: str, until: datetime | None = None) -> KeyRequests:
        """The site's keys, for somebody who may administer them; `until`: when that one's own key ends."""
        return KeyRequests(self._keys, self.site, actor, until)

    def deletion_requests(self, actor: str) -> DeletionRequests:
        """The deletions of the site's persons, for somebody who may delete."""
        return DeletionRequests(
            self._lake.folder, self._store, self.site, actor, lambda: self._at_once(datetime.now(UTC))
        )

    def audit_lines(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The site's lines of the audit trail; see `backsight.audit.read_audit`."""
        return read_audit(self._store, self.site, request)

    def changes_by(self, actor: str) -> int:
        """How many versions of names and cohorts somebody has made."""
        return self._store.changes_by(actor)

    def put_cohort(
        self, name: str, body: Mapping[str, Any], expected_version: int | None, actor: str
    ) -> Cohort:
        """Keeps a cohort (`person_where` or `static`, and `description`), and gives it as it then stands."""
        definition = {key: value for key, value in body.items() if key != "description"}
        version = self._cohorts.put(name, definition, body.get("description", ""), actor, expected_version)
        return self._cohorts.version(check_name(name, "a cohort"), version)

    def freeze(self, name: str, body: Mapping[str, Any], expected_version: int | None, actor: str) -> Cohort:
        """Lists those who are in a cohort now (`{"as", "timezone", "description"}`) as a static one."""
        asked = read_freeze(body, self._cohorts.get(name))
        request = {"person_where": [{"cohort": name}], "timezone": asked.timezone}
        persons = membership.members(request, self._at_once(datetime.now(UTC)))
        version = self._cohorts.put_members(asked.name, persons, asked.description, actor, expected_version)
        return self._cohorts.version(asked.name, version)

    def drop_cohort(self, name: str, expected_version: int | None, actor: str) -> None:
        """Takes a cohort away."""
        self._cohorts.delete(name, actor, expected_version)

    def put_saved(
        self, name: str, body: Mapping[str, Any], expected_version: int | None, actor: str
    ) -> SavedReport:
        """Keeps a saved report (`{"report", "request", "description"}`), and gives it as it then stands."""
        return self._saved.put(name, body, actor, expected_version)

    def drop_saved(self, name: str, expected_version: int | None, actor: str) -> None:
        """Takes a saved report away, and the links to it."""
        self._saved.delete(name, actor, expected_version)

    def link_requests(self, actor: str, server: str, until: datetime | None = None) -> LinkRequests:
        """The links to the site's saved reports, for somebody who may share them."""
        return LinkRequests(self._keys, self._saved, actor, server, until)

    def saved(self) -> list[SavedReport]:
        return list(self._saved.list())

    def saved_question(self, name: str) -> SavedReport:
        return self._saved.get(name)

    def delete_saved(self, name: str, *, expected_version: int | None = None) -> None:
        self.drop_saved(name, expected_version, self.actor)

    def saved_history(self, name: str) -> list[SavedReport]:
        return list(self._saved.history(name))

    def plan_definitions(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What an apply of an events file would do, and what that does to the past: `definitions.plan`."""
        from backsight.definitions.plan import make_plan

        self.notice_deletions()
        context = self._at_once(datetime.now(UTC))
        saved = [(each.name, each.report, each.request) for each in self._saved.list()]
        try:
            return make_plan(body, self._store, context, saved)
        except BacksightError:
            raise
        except Exception:
            try:
                context.snapshot.require_files()
            except Gone:  # a deletion of persons took files away while they were read
                return self.plan_definitions(body)
            raise

    def apply_definitions(self, body: Mapping[str, Any], actor: str) -> dict[str, Any]:
        """Does what a plan says, all of it or nothing."""
        from backsight.definitions.plan import make_apply

        return make_apply(body, self._store, self.site, actor)

    def cohorts(self) -> list[Cohort]:
        return list(self._cohorts.list())

    def cohort(self, name: str) -> Cohort:
        return self._cohorts.get(name)

    def delete_cohort(self, name: str, *, expected_version: int | None = None) -> None:
        self.drop_cohort(name, expected_version, self.actor)

    def cohort_history(self, name: str) -> list[Cohort]:
        return list(self._cohorts.history(name))

    def close(self) -> None:
        self.resources.close()

    def _report(self, report: str, request: Request) -> tuple[Answer, Callable[[], str]]:
        return waiting.for_work(lambda: self.answer(report, request), show=self.progress)

    def _sql(self, request: Request) -> pyarrow.Table:
        return waiting.for_work(lambda: self.ask_sql(request).answer()[0]["table"], show=self.progress)

    def _rows(self, report: str, request: Request) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        return waiting.for_work(self.ask(report, request).parts, show=self.progress)

    def _live(self, request: Request) -> Answer:
        return self.answer("live", request)[0]

    def _key_door(self) -> KeyRequests:
        return self.key_requests(self.actor)

    def _deletion_door(self) -> DeletionRequests:
        return self.deletion_requests(self.actor)

    def _audit(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.audit_lines(request)

    def _put_event(self, name: str, body: Request, expected_version: int | None) -> NamedEvent:
        return self.put_event(name, body, expected_version, self.actor)

    def _create_link(self, body: Request) -> DefinerLink:
        return self.create_link(body, self.actor)

    def _put_cohort(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        return self.put_cohort(name, body, expected_version, self.actor)

    def _save(self, name: str, body: Request, expected_version: int | None) -> SavedReport:
        return self.put_saved(name, body, expected_version, self.actor)

    def _link_door(self) -> LinkRequests:
        return self.link_requests(self.actor, self.server)

    def _plan(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return waiting.for_work(lambda: self.plan_definitions(body), show=self.progress)

    def _apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.apply_definitions(body, self.actor)

    def _freeze(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        frozen = partial(self.freeze, name, body, expected_version, self.actor)
        return waiting.for_work(frozen, show=self.progress)

    def _at_once(self, now: datetime) -> Context:
        names, versions = self._names.current()
        cohorts = self._cohorts.current()
        with self._lock:  # so that tries are asked for in the order of snapshots
            snapshot = self._lake.snapshot(self.site)
            trie = self._tries.at(snapshot)
        return Context(
            snapshot, self._engine, trie, names, versions, now, self._captured, cohorts=cohorts,
            shares_server=len(self._store.sites()) > 1,
        )  # fmt: skip

    def _at(self, as_of: AsOf) -> Context:
        names, versions = self._names.at(as_of.now, as_of.events)
        cohorts = self._cohorts.at(as_of.now, as_of.cohorts)
        snapshot = self._lake.snapshot(self.site, as_of.snapshot)
        trie = self._tries.before(snapshot)
        # Which properties were captured is looked up by itself: what came later does not count.
        return Context(
            snapshot, self._engine, trie, names, versions, as_of.now, cohorts=cohorts,
            shares_server=len(self._store.sites()) > 1,
        )  # fmt: skip
