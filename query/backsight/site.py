"""A site whose lake is read in place, and the data directory that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Final

from backsight import candidates, doctor, exports, repairs
from backsight.asking import Question
from backsight.audit import read_audit
from backsight.candidates import unnamed
from backsight.cohorts import Cohort, Cohorts, read_freeze
from backsight.config import check_setting
from backsight.definer_links import DefinerLink, read_link_request
from backsight.deletions import Deletions, read_persons
from backsight.deletions import preview as preview_deletion
from backsight.engine import Engine
from backsight.errors import InvalidRequest, NotFound, nearest, shown
from backsight.identity import forget_identities
from backsight.keys import KeyRequests, Keys
from backsight.lake import Lake
from backsight.named_events import NamedEvent, NamedEvents, check_name
from backsight.questions import Questions
from backsight.reports import (
    attribution,
    explain,
    funnel,
    lifecycle,
    membership,
    paths,
    preview,
    retention,
    signals,
    stickiness,
    trend,
)
from backsight.reports.as_of import AsOf, read_as_of
from backsight.reports.funnel import people as funnel_persons
from backsight.reports.retention import persons as retention_persons
from backsight.requests import Request, filters, moments
from backsight.results.result import Answer
from backsight.scan.context import Context
from backsight.sites import require_site
from backsight.store import Store, local_actor
from backsight.store.sqlite import SQLiteStore
from backsight.trie_cache import TrieCache

DATABASE: Final = "backsight.sqlite"
LAKE: Final = "lake"

REPORTS: Final[Mapping[str, ModuleType]] = {
    "funnel": funnel,
    "funnel_persons": funnel_persons,
    "retention": retention,
    "retention_persons": retention_persons,
    "trend": trend,
    "lifecycle": lifecycle,
    "stickiness": stickiness,
    "paths": paths,
    "attribution": attribution,
    "signals": signals,
    "persons": explain,
    "preview": preview,
    "cohort_preview": membership,
    "activity": repairs,
    "candidates": candidates,
    "elements": unnamed,
    "doctor": doctor,
}


class Site(Questions):
    """One site of an open data directory. Safe to share between threads; every report reads one snapshot.

    `actor` is who the audit trail names for changes, `resources` what is let go of when the site is closed.
    """

    def __init__(self, site: str, lake: Lake, engine: Engine, store: Store, actor: str = "") -> None:
        self.site = site
        self.actor = actor
        self.resources = ExitStack()
        self._lake, self._engine = lake, engine
        self._names = NamedEvents(store, site)
        self._cohorts = Cohorts(store, site)
        self._store, self._keys = store, Keys(store)
        self._tries = TrieCache()
        self._captured: set[str] = set()
        self._noticed = lake.deletions_stamp()
        self._lock = Lock()

    def ask(self, report: str, request: Request) -> Question:
        """A request of the HTTP API with the site as it stands now, or stood (`as_of`); nothing is run.

        Raises InvalidRequest and Gone for an `as_of` that can't be had.
        """
        self.notice_deletions()
        own = {key: value for key, value in request.items() if key != "as_of"}
        as_of, now = request.get("as_of"), datetime.now(UTC)
        context = self._at(read_as_of(as_of, self.site, now)) if as_of is not None else self._at_once(now)
        again = partial(self.ask, report, request) if as_of is None else None
        return Question(report, REPORTS[report], own, context, now, again)

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

    def request_deletion(self, body: Mapping[str, Any], actor: str) -> Mapping[str, Any]:
        """Asks for a deletion of `{"persons": […]}`, and gives it as it then stands."""
        from backsight.cli.deletion import request_deletion

        data, deletions = self._folder.parent, self.deletions_asked
        watermark = self._lake.snapshot(self.site).watermark
        made = request_deletion(data, self._store, self.site, body, actor, self.survey_deletion, watermark)
        return deletions.get(made).to_json()

    @property
    def _folder(self) -> Path:
        """The lake's. Raises InvalidRequest where it is far away."""
        if self._lake.folder is None:
            raise InvalidRequest(
                "this lake is not on this machine.", field="path", valid="the machine on which it is written"
            )
        return self._lake.folder

    @property
    def deletions_asked(self) -> Deletions:
        """The site's deletions of persons. Raises InvalidRequest where the lake is far away."""
        return Deletions(self._folder, self._store, self.site)

    def _delete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        from backsight.cli.revocation import fold_if_idle

        asked = self.request_deletion(body, self.actor)
        fold_if_idle(self._folder.parent)
        return self._read_deletion(asked["deletion"])

    def survey_deletion(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a deletion of `{"persons": […]}` would take away."""
        return preview_deletion(read_persons(body), self._at_once(datetime.now(UTC)))

    def _preview_deletion(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.survey_deletion(body)

    def _list_deletions(self) -> Mapping[str, Any]:
        return {"deletions": [each.to_json() for each in self.deletions_asked.list()]}

    def _read_deletion(self, deletion: str) -> Mapping[str, Any]:
        return self.deletions_asked.get(deletion).to_json()

    def _report(self, report: str, request: Request) -> tuple[Answer, Callable[[], str]]:
        return self.answer(report, request)

    def _key_door(self) -> KeyRequests:
        return self.key_requests(self.actor)

    def _audit(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.audit_lines(request)

    def _put_event(self, name: str, body: Request, expected_version: int | None) -> NamedEvent:
        return self.put_event(name, body, expected_version, self.actor)

    def _create_link(self, body: Request) -> DefinerLink:
        return self.create_link(body, self.actor)

    def _put_cohort(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        return self.put_cohort(name, body, expected_version, self.actor)

    def _freeze(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        return self.freeze(name, body, expected_version, self.actor)

    def _at_once(self, now: datetime) -> Context:
        names, versions = self._names.current()
        cohorts = self._cohorts.current()
        with self._lock:  # so that tries are asked for in the order of snapshots
            snapshot = self._lake.snapshot(self.site)
            trie = self._tries.at(snapshot)
        return Context(snapshot, self._engine, trie, names, versions, now, self._captured, cohorts=cohorts)

    def _at(self, as_of: AsOf) -> Context:
        names, versions = self._names.at(as_of.now, as_of.events)
        cohorts = self._cohorts.at(as_of.now, as_of.cohorts)
        snapshot = self._lake.snapshot(self.site, as_of.snapshot)
        trie = self._tries.before(snapshot)
        # Which properties were captured is looked up by itself: what came later does not count.
        return Context(snapshot, self._engine, trie, names, versions, as_of.now, cohorts=cohorts)


class DataDirectory:
    """What stands in one data directory, open: the lake, an engine over it, and the store.

    Raises NotFound where there is none. `threads` and `memory` (`"4GB"`) bound what reports take, with a
    ConfigurationError where they can't; `database` is the store's file, where it stands elsewhere.
    """

    def __init__(
        self,
        path: str | Path,
        threads: int | None = None,
        memory: str | None = None,
        database: Path | None = None,
    ) -> None:
        for name, value in (("threads", threads), ("memory", memory)):
            if value is not None:
                check_setting(name, value, name)
        self.path = Path(path).expanduser()
        self.store = SQLiteStore(_existing(self.path, database or self.path / DATABASE))
        self._lake = Lake(self.path / LAKE)
        self._engine = Engine(threads, memory)
        self.threads = self._engine.threads
        self._sites: dict[str, Site] = {}
        self._noticed = 0
        self._lock = Lock()

    def site(self, name: str) -> Site:
        """The site of that name, the same object every time. Raises NotFound."""
        with self._lock:
            if name not in self._sites:
                require_site(self.store, name)
                self._sites[name] = Site(name, self._lake, self._engine, self.store, local_actor("python"))
            return self._sites[name]

    def notice_deletions(self) -> bool:
        """Does what follows from deletions of persons that went on since the last time: nothing is kept for
        later questions, and what is done is told. Whether there was anything.
        """
        stamp = self._lake.deletions_stamp()
        if stamp == self._noticed:
            return False
        for site in self.store.sites():
            opened = self.site(site.name)
            opened.notice_deletions()
            opened.deletions_asked.settle()
        self._noticed = stamp
        return True

    def only_site(self) -> Site:
        """The one site there is. Raises NotFound where there is none, InvalidRequest where there are more."""
        names = [site.name for site in self.store.sites()]
        if not names:
            raise NotFound(
                f"{shown(str(self.path))} holds no site yet", field="site", valid="`backsight up` makes one"
            )
        if len(names) > 1:
            raise InvalidRequest("there are several sites; name one", field="site", valid=nearest("", names))
        return self.site(names[0])

    def close(self) -> None:
        """Lets go of the lake, the engine and the store."""
        self._engine.close()
        self.store.close()


def open_site(
    path: str | Path,
    site: str | None = None,
    threads: int | None = None,
    memory: str | None = None,
    database: Path | None = None,
) -> Site:
    """A site with its data directory, which closes with it; the only one there is where none is named."""
    directory = DataDirectory(path, threads, memory, database)
    with ExitStack() as stack:
        stack.callback(directory.close)
        opened = directory.only_site() if site is None else directory.site(site)
        opened.resources = stack.pop_all()
    return opened


def _existing(path: Path, database: Path) -> Path:
    """The database of a data directory that exists."""
    if not path.is_dir():
        what = "is not a directory" if path.exists() else "does not exist"
        raise NotFound(
            f"{shown(str(path))} {what}",
            field="path",
            value=str(path),
            valid="a directory that `backsight up` has made",
        )
    if not database.is_file():
        raise NotFound(
            f"{shown(str(path))} holds no {DATABASE}", field="path", value=str(path),
            valid="a directory that `backsight up` has made",
        )  # fmt: skip
    return database
