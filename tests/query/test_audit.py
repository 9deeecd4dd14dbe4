"""The audit trail: a chain of lines to which lines are added, and in which nothing else goes unseen."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.store import AuditLine, coming_from
from backsight.store.sqlite import SQLiteStore

AT = datetime(2026, 11, 1, 12, 30, 15, 123_456, tzinfo=UTC)
COLUMNS = "line, at, actor, action, site, subject, detail, address"


ACTIONS = ("key.create", "key.set", "keys.x", "event.put", "key")


def line(number: int = 0, action: str = "event.put", **changes: object) -> AuditLine:
    values = {"site": "shop", "subject": "Signed up", "detail": json.dumps({"version": number}), **changes}
    return AuditLine(AT + timedelta(seconds=number), "k_1", action, **values)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with ten lines."""
    path = tmp_path / "backsight.sqlite"
    with SQLiteStore(path) as store:
        for number in range(10):
            store.add_audit_line(line(number))
    return path


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(path) as store:
        yield store


def naive_digests(path: Path) -> list[str]:
    """What each line's digest has to be, computed as the documentation says."""
    digests = [""]
    with closing(sqlite3.connect(path)) as db:
        for row in db.execute(f"select {COLUMNS} from audit order by line"):
            digests.append(
                sha256(json.dumps([digests[-1], *row], separators=(",", ":")).encode()).hexdigest()
            )
    return digests[1:]


def forge(path: Path, *statements: str) -> None:
    """Changes the file as somebody could who has it, past the triggers."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for trigger in ("audit_is_never_changed", "audit_is_never_shortened"):
            db.execute(f"drop trigger {trigger}")
        for statement in statements:
            db.execute(statement)


def test_each_line_seals_those_before_it(path: Path, store: SQLiteStore) -> None:
    """A digest is that of the line and the one before, by the documented recipe, whatever the line says."""
    with coming_from("2001:db8::1"):
        store.add_audit_line(line(10, subject='Grüße \U0001f600 "quoted"\n'))
    kept = store.audit_lines(limit=100)
    assert [each.digest for each in reversed(kept)] == naive_digests(path)
    assert [each.number for each in kept] == list(range(11, 0, -1))
    assert (kept[0].address, kept[1].address) == ("2001:db8::1", None)
    assert list(store.broken_lines()) == []


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("update audit set actor = 'k_2' where line = 4", [4]),
        ("update audit set at = '2026-11-01T12:30:19.123457+00:00' where line = 5", [5]),
        ("update audit set address = '192.0.2.1' where line = 1", [1]),
        ("update audit set digest = '' where line = 4", [4, 5]),
        ("delete from audit where line = 4", [5]),
        ("delete from audit where line = 1", [2]),
        ("update audit set line = line + 1 where line = 10", [11]),
        (f"insert into audit select 11, {COLUMNS[6:]}, digest from audit where line = 10", [11]),
    ],
    ids=["who", "when", "from where", "a digest", "a line", "the first line", "a number", "one more"],
)  # fmt: skip
def test_what_was_forged_is_found(path: Path, statement: str, broken: list[int]) -> None:
    """A line that was changed, taken out or put in breaks the chain where it stands."""
    forge(path, statement)
    with SQLiteStore(path) as store:
        assert [each.number for each in store.broken_lines()] == broken


@pytest.mark.parametrize("statement", ["update audit set actor = ''", "delete from audit"])
def test_the_database_itself_changes_no_line(path: Path, statement: str) -> None:
    """Whoever works on the file with SQL is stopped before lines are changed or deleted."""
    with (
        closing(sqlite3.connect(path)) as db,
        pytest.raises(sqlite3.IntegrityError, match="audit lines are never"),
    ):
        db.execute(statement)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 9)), max_size=12),
    st.one_of(st.none(), st.sampled_from(["key", "key.set", "event", "k"])),
    st.one_of(st.none(), st.integers(0, 9)),
    st.one_of(st.none(), st.integers(1, 14)),
    st.integers(1, 14),
)  # fmt: skip
def test_lines_are_those_that_were_asked_for(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[tuple[str, int]],
    action: str | None,
    since: int | None,
    before: int | None,
    limit: int,
) -> None:
    """Action, moment, number and limit select as a plain loop over all lines does."""
    with SQLiteStore(tmp_path_factory.mktemp("audit") / "x.sqlite") as store:
        for name, second in made:
            store.add_audit_line(line(second, name))
        moment = None if since is None else AT + timedelta(seconds=since)
        found = store.audit_lines("shop", limit, since=moment, action=action, before=before)
        every = list(reversed(store.audit_lines(limit=100)))
    expected = [
        each
        for each in reversed(every)
        if (action is None or f"{each.action}.".startswith(f"{action}."))
        and (moment is None or each.at >= moment)
        and (before is None or each.number < before)
    ]
    assert found == expected[:limit]


def test_lines_of_an_older_file_are_sealed(tmp_path: Path) -> None:
    """A file from before there were digests gets them, numbered without gaps, and goes on from there."""
    path = tmp_path / "backsight.sqlite"
    scripts = ("schema.sql", "definitions.sql", "definer_tokens.sql", "token_makers.sql")
    with closing(sqlite3.connect(path)) as old:
        for script in scripts:
            old.executescript(files("backsight.store").joinpath(script).read_text("utf-8"))
        for number in (2, 5, 7):
            row = (number, AT.isoformat(timespec="microseconds"), "ada", "key.create", "shop", "k_1", "{}")
            old.execute("insert into audit values (?, ?, ?, ?, ?, ?, ?)", row)
        old.execute("insert into sites values ('shop', ?)", (AT.isoformat(timespec="microseconds"),))
        token = ("k_1", "shop", "definer", "0" * 64, None, "define", "", AT.isoformat(), None, "https://a.example",
                 AT.isoformat(), "k_0")  # fmt: skip
        old.execute("insert into keys values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", token)
        old.execute("pragma user_version = 4")
        old.commit()
    with SQLiteStore(path) as store:
        store.add_audit_line(line())
        assert [each.number for each in store.audit_lines()] == [4, 3, 2, 1]
        assert list(store.broken_lines()) == []
        assert [each.digest for each in reversed(store.audit_lines())] == naive_digests(path)
        (kept,) = store.keys_of()
        assert (kept.origin, kept.maker, kept.origins, kept.events_per_second) == (
            "https://a.example",
            "k_0",
            (),
            None,
        )


def test_writers_that_come_together_make_one_chain(path: Path) -> None:
    """Processes and threads that add lines at once leave one chain, without a gap."""
    with SQLiteStore(path) as one, SQLiteStore(path) as other:

        def add(store: SQLiteStore) -> None:
            for number in range(15):
                store.add_audit_line(line(number))

        threads = [threading.Thread(target=add, args=[store]) for store in (one, other, one)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [each.number for each in one.audit_lines(limit=100)] == list(range(55, 0, -1))
        assert list(other.broken_lines()) == []


def test_an_address_stands_in_lines_of_its_own_request_only(store: SQLiteStore) -> None:
    """Who asks from elsewhere at the same time, or afterwards, gets no address of others."""
    inside, seen = threading.Event(), []

    def elsewhere() -> None:
        inside.wait(10)
        seen.append(line().address)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    with coming_from("192.0.2.1"):
        assert line().address == "192.0.2.1"
        inside.set()
        thread.join()
    assert (seen, line().address) == ([None], None)
