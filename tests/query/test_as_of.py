"""Any answer can be had again as of its moment, whatever happened since; else it says what is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backsight as bs
from backsight.results import Result
from backsight.sites import ensure_site
from backsight.store.sqlite import SQLiteStore
from backsight_collector.lake.compaction import compact, vacuum
from backsight_collector.lake.lake import Lake
from query.rows import SITE, Row, event, rows_of, statement

TODAY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
NAMES = ("A", "B", "C")


class Kept:
    """A data directory with a site, and the answers that it gave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with SQLiteStore(folder / "backsight.sqlite") as store:
            ensure_site(store, SITE, "test")
        Lake(folder / "lake").close()
        self.site = bs.open(folder, threads=1)
        for name in ("A", "B"):
            self.site.define(name, rules={"on": "track", "name": name})
        self.gather("Some", "A")
        self.said: list[str] = []
        self.answers: list[tuple[Result, str]] = []

    def write(self, table: str, *rows: Row) -> None:
        """Rows, in a commit of their own."""
        lake = Lake(self.folder / "lake")
        try:
            lake[table].append(rows_of(table, rows), {})
        finally:
            lake.close()

    def capture(self, name: str, device: int, days: int) -> None:
        """An event, some days ago."""
        time = TODAY - timedelta(days=days)
        self.write("events", event(name, time, device=device, session=device, received_at=TODAY))

    def identify(self, device: int, user: int) -> None:
        """A device is a user's."""
        said = statement("identify", TODAY, device=device, user=user, traits=json.dumps({"plan": str(user)}))
        self.said.append(said["statement_id"])
        self.write("statements", said)

    def revoke(self) -> None:
        """The last statement does not hold."""
        if self.said:
            self.write("statements", statement("revoke", TODAY, revokes=self.said[-1]))

    def redefine(self, name: str, to: str) -> None:
        """A name means other events."""
        self.site.define(name, rules={"on": "track", "name": to})

    def gather(self, cohort: str, name: str) -> None:
        """A cohort is of those who did something."""
        self.site.define_cohort(cohort, [{"did": {"on": "track", "name": name}, "within": "30d"}])

    def freeze(self) -> None:
        """Those who are in a cohort now are listed as another."""
        if "Some" in self._cohorts():
            self.site.freeze_cohort("Some", "Listed")

    def scatter(self, cohort: str) -> None:
        """A cohort is taken away, where it stands."""
        if cohort in self._cohorts():
            self.site.delete_cohort(cohort)

    def delete(self, name: str) -> None:
        """A name is taken away, where it stands."""
        if name in [each.name for each in self.site.events()]:
            self.site.delete_event(name)

    def ask(self) -> None:
        """Every report, of what is defined now."""
        site, known = self.site, [each.name for each in self.site.events()]
        steps: Any = [name if name in known else {"on": "track", "name": name} for name in ("A", "B")]
        self._note(site.funnel(steps, "3d", since="20d"))
        self._note(site.funnel(steps, "3d", person_where=[{"property": "plan", "op": "is", "value": "1"}]))
        self._note(site.retention(steps[0], steps[1], "day", 5, since="20d", timezone="Europe/Vienna"))
        self._note(site.trend([{"on": "any", "measure": "persons"}], since="5d"))
        self._note(site.preview(rules={"on": "track", "name": "A"}))
        self._note(site.paths(session={"gap": "2d"}))
        self._note(site.attribution(steps[1], ["name"], touches={"on": "track", "name": "A"}))
        for cohort in self._cohorts():
            self._note(site.trend([{"on": "any"}], person_where=[{"cohort": cohort}]))

    def check(self) -> None:
        """Every answer is had again as it was."""
        for answer, told in self.answers:
            assert plain(answer.again()) == told

    def _cohorts(self) -> list[str]:
        return [each.name for each in self.site.cohorts()]

    def _note(self, result: Result) -> None:
        self.answers.append((result, plain(result)))


def plain(result: Result) -> str:
    """The answer as JSON, without the time it took."""
    meta = {key: value for key, value in result.meta.items() if key != "ms"}
    return json.dumps({**result.answer, "meta": meta}, sort_keys=True)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """One with a few events."""
    made = Kept(tmp_path)
    for days, name in ((3, "A"), (2, "B"), (2, "A")):
        made.capture(name, days, days)
    yield made
    made.site.close()


_devices, _names = st.integers(1, 3), st.sampled_from(NAMES)
_changes = st.one_of(
    st.tuples(st.just("capture"), _names, _devices, st.integers(0, 6)),
    st.tuples(st.just("identify"), _devices, st.integers(1, 2)),
    st.tuples(st.just("revoke")),
    st.tuples(st.just("redefine"), st.sampled_from(NAMES[:2]), _names),
    st.tuples(st.just("delete"), st.sampled_from(NAMES[:2])),
    st.tuples(st.just("gather"), st.sampled_from(["Some", "Listed"]), _names),
    st.tuples(st.just("scatter"), st.sampled_from(["Some", "Listed"])),
    st.tuples(st.just("freeze")),
    st.tuples(st.just("compact")),
)


@settings(max_examples=4, deadline=None)
@given(st.lists(st.lists(_changes, max_size=4), min_size=2, max_size=4))
def test_answers_stay_what_they_were(rounds: list[list[tuple[Any, ...]]]) -> None:
    """Captures, statements, revocations, compaction, and names and cohorts that change or go, change no
    earlier answer.
    """
    with TemporaryDirectory() as folder:
        kept = Kept(Path(folder))
        for changes in rounds:
            for what, *arguments in changes:
                if what == "compact":
                    compact(kept.folder)
                else:
                    getattr(kept, what)(*arguments)
            kept.ask()
        kept.check()
        kept.site.close()


def test_other_questions_as_of_an_answer(kept: Kept) -> None:
    """A question takes an earlier result or its meta; what that did not name is meant as it stood then."""
    earlier = kept.site.trend([{"on": "any"}])
    kept.capture("A", 9, 1)
    kept.redefine("A", "B")
    kept.site.define("New", on="any")
    for as_of in (earlier, earlier.meta, json.loads(json.dumps(earlier.meta))):
        assert kept.site.trend(["A"], as_of=as_of).answer["series"][0]["total"] == 2
    assert kept.site.trend(["A"]).answer["series"][0]["total"] == 1
    with pytest.raises(bs.InvalidRequest, match="no named event 'New'"):
        kept.site.trend(["New"], as_of=earlier)


def test_deleted_files(kept: Kept) -> None:
    """After vacuum an answer that needs deleted files is refused, naming the version; others are not."""
    earlier = kept.site.trend([{"on": "any"}])
    compact(kept.folder)
    compacted = kept.site.trend([{"on": "any"}])
    kept.capture("B", 1, 1)
    lake = Lake(kept.folder / "lake")
    vacuum(lake, 0)
    lake.close()
    version = earlier.meta["snapshot"]["events"]
    with pytest.raises(bs.Gone, match=f"version {version} of events can't be read any more") as raised:
        earlier.again()
    assert raised.value.field == "as_of.snapshot.events"
    assert plain(compacted.again()) == plain(compacted)


def test_forgotten_versions(kept: Kept) -> None:
    """A version whose log entry is gone is refused too."""
    earlier = kept.site.trend([{"on": "any"}])
    kept.capture("B", 1, 1)
    log = kept.folder / "lake" / "events" / "_delta_log"
    lake = Lake(kept.folder / "lake")
    lake["events"].checkpoint()
    lake.close()
    for entry in log.glob("*.json"):
        if int(entry.stem) < lake["events"].version:
            entry.unlink()
    with bs.open(kept.folder) as site, pytest.raises(bs.Gone, match="version"):
        site.trend([{"on": "any"}], as_of=earlier)


META: dict[str, Any] = {
    "now": "2026-10-01T00:00:00Z",
    "snapshot": dict.fromkeys(("events", "nodes", "elements", "statements", "dead_letters"), 0),
}


@pytest.mark.parametrize(
    ("as_of", "field"),
    [
        ("yesterday", "as_of"),
        ({**META, "event": {}}, "as_of.event"),
        ({**META, "site": "blog"}, "as_of.site"),
        ({"now": META["now"]}, "as_of.snapshot"),
        ({"snapshot": META["snapshot"]}, "as_of.now"),
        ({**META, "now": "2026-10-01"}, "as_of.now"),
        ({**META, "now": "2999-10-01T00:00:00Z"}, "as_of.now"),
        ({**META, "now": "0001-01-01T00:00:00Z"}, "as_of.now"),
        ({**META, "now": "0001-01-01T00:00:00+14:00"}, "as_of.now"),
        ({**META, "now": "1919-12-31T23:59:59Z"}, "as_of.now"),
        ({**META, "snapshot": {"events": 1}}, "as_of.snapshot.nodes"),
        ({**META, "snapshot": {**META["snapshot"], "events": -2}}, "as_of.snapshot.events"),
        ({**META, "snapshot": {**META["snapshot"], "events": True}}, "as_of.snapshot.events"),
        ({**META, "snapshot": {**META["snapshot"], "events": 99}}, "as_of.snapshot.events"),
        ({**META, "events": {"A": 0}}, "as_of.events.A"),
        ({**META, "events": {"A": 7}}, "as_of.events.A"),
        ({**META, "cohorts": {"Some": 7}}, "as_of.cohorts.Some"),
    ],
)
def test_refused(kept: Kept, as_of: Any, field: str) -> None:
    """What can't be asked as of is refused, naming the field."""
    with pytest.raises(bs.BacksightError) as raised:
        kept.site.trend([{"on": "any"}], as_of=as_of)
    assert raised.value.field == field
    assert raised.value.status in {400, 404}
