"""The store: what it keeps, in which order, and under many writers."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from backsight.errors import ConfigurationError, Conflict, NotFound, Unavailable
from backsight.store import AuditLine, Store, StoredKey, StoredSite, StoredVersion, local_actor
from backsight.store.sqlite import SQLiteStore
from backsight.store.sqlite_file import SCHEMA_VERSION

AT = datetime(2026, 11, 1, 12, 30, 15, 123_456, tzinfo=UTC)


def line(action: str = "test", site: str = "shop") -> AuditLine:
    return AuditLine(AT, "ada", action, site, "subject")


def version(name: str = "Signed up", rules: str = '[{"on": "click"}]', **changes: object) -> StoredVersion:
    values = {"description": "", "actor": "ada", "at": AT, **changes}
    return StoredVersion("shop", name, 0, rules, **values)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with SQLiteStore(tmp_path / "data" / "backsight.sqlite") as store:
        store.add_site(StoredSite("shop", AT), line("site.create"))
        yield store


def test_a_site_is_made_once(store: Store) -> None:
    """Adding a known site says so, and writes no second audit line."""
    assert not store.add_site(StoredSite("shop", AT + timedelta(days=1)), line("site.create"))
    assert store.sites() == [StoredSite("shop", AT)]
    assert [audit.action for audit in store.audit_lines()] == ["site.create"]


def test_others_on_the_machine_read_nothing(store: Store, tmp_path: Path) -> None:
    """The database, its log and its index are for their owner and its group alone."""
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert modes.keys() == {"backsight.sqlite", "backsight.sqlite-wal", "backsight.sqlite-shm"}
    assert not [name for name, mode in modes.items() if mode & 0o027]


def test_versions_are_numbered_in_order_and_all_kept(store: Store) -> None:
    """Every change appends a version; the older ones are read back as they were written."""
    rules = [f'[{{"css": "a:nth-child({n})"}}]' for n in range(1, 4)]
    assert [store.add_version(version(rules=text)) for text in rules] == [1, 2, 3]
    kept = store.versions("shop", "Signed up")
    assert [(each.version, each.definition, each.at) for each in kept] == [
        (n + 1, rules[n], AT) for n in range(3)
    ]
    assert [each.version for each in store.current_versions("shop")] == [3]


def test_a_version_that_says_the_same_is_not_kept(store: Store) -> None:
    """Putting the same rules and description again gives the present number and leaves no line."""
    store.add_version(version())
    assert store.add_version(version(actor="bob", at=AT + timedelta(1))) == 1
    assert store.add_version(version(description="new")) == 2
    assert [audit.action for audit in store.audit_lines()] == ["event.put", "event.put", "site.create"]


def test_events_and_cohorts_of_one_name_are_apart(store: Store) -> None:
    """A cohort may be called as an event is: each has versions and audit lines of its own."""
    assert store.add_version(version()) == 1
    assert store.add_version(version(rules="{}", kind="cohort")) == 1
    assert store.add_version(version(rules="", kind="cohort", deleted=True)) == 2
    assert [each.kind for each in store.versions("shop", "Signed up", "cohort")] == ["cohort", "cohort"]
    assert [each.version for each in store.current_versions("shop")] == [1]
    assert store.current_versions("shop", "cohort") == []
    assert [line.action for line in store.audit_lines("shop", 3)] == [
        "cohort.delete", "cohort.put", "event.put",
    ]  # fmt: skip


def test_members_belong_to_one_version(store: Store) -> None:
    """Each version of a cohort keeps its own members; the same members again are no new version."""
    for members, number in ((b"a", 1), (b"b", 2), (b"b", 2), (None, 3)):
        assert store.add_version(version(kind="cohort", members=members)) == number
    assert [store.cohort_members("shop", "Signed up", number) for number in (1, 2, 3)] == [b"a", b"b", b""]


def test_a_deletion_is_a_version_and_the_name_can_come_back(store: Store) -> None:
    """After a deletion the name is gone from the current ones; the same rules put again are a new version."""
    store.add_version(version())
    assert store.add_version(version(rules="[]", deleted=True)) == 2
    assert store.current_versions("shop") == []
    assert store.add_version(version()) == 3
    assert [each.deleted for each in store.versions("shop", "Signed up")] == [False, True, False]


@pytest.mark.parametrize("deleted_before", [False, True], ids=["never there", "deleted already"])
def test_what_does_not_stand_cannot_be_deleted(store: Store, deleted_before: bool) -> None:
    """A deletion of an unknown or deleted name is refused and changes nothing."""
    if deleted_before:
        store.add_version(version())
        store.add_version(version(deleted=True))
    before = store.audit_lines()
    with pytest.raises(NotFound):
        store.add_version(version(deleted=True))
    assert store.audit_lines() == before


@pytest.mark.parametrize(
    ("changes", "expected", "holds"),
    [
        ([], 0, True),
        ([], 1, False),
        (["put"], 1, True),
        (["put"], 0, False),
        (["put", "put"], 1, False),
        (["put", "delete"], 0, True),
        (["put", "delete"], 2, False),
    ],
)
def test_a_change_holds_only_on_what_the_caller_saw(
    store: Store, changes: list[str], expected: int, holds: bool
) -> None:
    """`expected` is the live version's number, 0 where there is none; else Conflict, and nothing changes."""
    for number, change in enumerate(changes):
        store.add_version(version(rules=f"[{number}]", deleted=change == "delete"))
    before = len(store.versions("shop", "Signed up"))
    if holds:
        assert store.add_version(version(rules='["new"]'), expected) == before + 1
    else:
        with pytest.raises(Conflict):
            store.add_version(version(rules='["new"]'), expected)
        assert len(store.versions("shop", "Signed up")) == before


def test_an_unknown_site_takes_nothing(store: Store) -> None:
    """Versions and keys of a site that does not exist are refused, naming the nearest."""
    stray = StoredVersion("shpo", "A", 0, "[]", "", "ada", AT)
    key = StoredKey("k_1", "shpo", "write", "0" * 64, "wk_1", (), "", AT)
    for refused in (lambda: store.add_version(stray), lambda: store.add_key(key, line())):
        with pytest.raises(NotFound, match="did you mean 'shop'"):
            refused()
    assert len(store.audit_lines()) == 1


def test_keys_come_back_as_they_were_kept(store: Store) -> None:
    """A key is found by its digest, listed with its site, and keeps the first moment of its revocation."""
    key = StoredKey("k_1", "shop", "secret", "ab" * 32, None, ("read", "define"), "notebook", AT)
    store.add_key(key, line("key.create"))
    assert store.key_with_digest("ab" * 32) == key
    assert store.key_with_digest("cd" * 32) is None
    assert (store.keys_of("shop"), store.keys_of("other"), store.keys_of()) == ([key], [], [key])
    assert store.revoke_key("k_1", AT, line("key.revoke")) == 1
    assert not store.revoke_key("k_1", AT + timedelta(1), line("key.revoke"))
    assert store.keys_of()[0].revoked == AT
    assert [audit.action for audit in store.audit_lines()] == ["key.revoke", "key.create", "site.create"]


def test_a_key_is_kept_once(store: Store) -> None:
    """The same digest under another id is refused, with no audit line."""
    first = StoredKey("k_1", "shop", "write", "ab" * 32, "wk_1", (), "", AT)
    store.add_key(first, line("key.create"))
    with pytest.raises(Conflict):
        store.add_key(StoredKey("k_2", "shop", "write", "ab" * 32, "wk_1", (), "", AT), line("key.create"))
    assert len(store.audit_lines()) == 2


def test_audit_lines_are_the_newest_of_a_site_first(store: Store) -> None:
    """Lines are given newest first, of one site where asked, no more than the limit."""
    store.add_site(StoredSite("blog", AT), line("site.create", "blog"))
    for number in range(5):
        store.add_version(version(rules=f"[{number}]"))
    assert [audit.detail for audit in store.audit_lines("shop", 2)] == ['{"version": 5}', '{"version": 4}']
    assert [audit.site for audit in store.audit_lines("blog")] == ["blog"]


def test_threads_of_one_store_take_turns(store: Store) -> None:
    """Threads that put at once get every number once."""
    numbers: list[int] = []

    def put(thread: int) -> None:
        numbers.extend(store.add_version(version(rules=f"[{thread}, {turn}]")) for turn in range(5))

    threads = [threading.Thread(target=put, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 21))


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from backsight.store import AuditLine, StoredSite, StoredVersion
from backsight.store.sqlite import SQLiteStore

with SQLiteStore(Path(sys.argv[1])) as store:
    at = datetime.now(UTC)
    store.add_site(StoredSite("shop", at), AuditLine(at, sys.argv[2], "site.create", "shop", "shop"))
    for turn in range(25):
        print(store.add_version(StoredVersion("shop", "A", 0, f'["{sys.argv[2]}", {turn}]', "", "", at)))
"""


def test_processes_that_start_together_share_one_file(tmp_path: Path) -> None:
    """Three processes make the file, the site and 75 versions between them; no number is lost or doubled."""
    path = tmp_path / "backsight.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(n)], stdout=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    numbers = [int(word) for writer in writers for word in writer.communicate(timeout=60)[0].split()]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert sorted(numbers) == list(range(1, 76))
    with SQLiteStore(path) as store:
        assert [each.version for each in store.versions("shop", "A")] == sorted(numbers)
        assert [audit.action for audit in store.audit_lines("shop", 100)].count("site.create") == 1


def test_what_was_kept_is_there_after_opening_again(tmp_path: Path) -> None:
    """A second opening of the file migrates nothing and finds everything."""
    path = tmp_path / "backsight.sqlite"
    for _ in range(2):
        with SQLiteStore(path) as store:
            store.add_site(StoredSite("shop", AT), line())
            assert store.sites() == [StoredSite("shop", AT)]


def test_versions_of_an_older_file_are_kept(tmp_path: Path) -> None:
    """A file of the first schema is taken to the present one, with every version and key that stood in it."""
    path = tmp_path / "backsight.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(files("backsight.store").joinpath("schema.sql").read_text("utf-8"))
        old.execute("insert into sites values ('shop', ?)", (AT.isoformat(timespec="microseconds"),))
        row = ("shop", "A", 1, "[]", "what it was", "ada", AT.isoformat(timespec="microseconds"), 0)
        old.execute("insert into named_event_versions values (?, ?, ?, ?, ?, ?, ?, ?)", row)
        key = (
            "k_1",
            "shop",
            "secret",
            "0" * 64,
            None,
            "read",
            "",
            AT.isoformat(timespec="microseconds"),
            None,
        )
        old.execute("insert into keys values (?, ?, ?, ?, ?, ?, ?, ?, ?)", key)
        old.execute("pragma user_version = 1")
        old.commit()
    with SQLiteStore(path) as store:
        assert store.keys_of() == [StoredKey("k_1", "shop", "secret", "0" * 64, None, ("read",), "", AT)]
        assert store.versions("shop", "A") == [StoredVersion("shop", "A", 1, "[]", "what it was", "ada", AT)]


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    """A schema that this version does not know stops the start and is left as it was."""
    path = tmp_path / "backsight.sqlite"
    SQLiteStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(
        ConfigurationError, match=f"later version of Backsight \\(schema {SCHEMA_VERSION + 1}\\)"
    ):
        SQLiteStore(path)


@pytest.mark.parametrize("kind", ["no database", "a folder", "below a file"])
def test_a_path_that_cannot_hold_a_database_is_named(tmp_path: Path, kind: str) -> None:
    """The error names the path and what would be valid."""
    path = tmp_path / "x"
    if kind == "a folder":
        path.mkdir()
    else:
        path.write_text("this is no database, and long enough to be taken for one" * 100)
    target = path / "y" if kind == "below a file" else path
    with pytest.raises(
        ConfigurationError, match=r"can't open the database .*x.* Valid: a writable SQLite file"
    ):
        SQLiteStore(target)


def test_a_database_that_fails_is_an_error_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process holds the file a change is refused, naming it; afterwards it goes through."""
    monkeypatch.setattr("backsight.store.sqlite_file.BUSY_SECONDS", 0.01)
    path = tmp_path / "backsight.sqlite"
    with SQLiteStore(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(Unavailable, match=r"backsight\.sqlite failed: database is locked"):
            store.add_site(StoredSite("shop", AT), line())
        other.execute("rollback")
        assert store.add_site(StoredSite("shop", AT), line())


def test_a_change_that_fails_midway_leaves_no_transaction(tmp_path: Path) -> None:
    """Whatever ends a change, the next one begins afresh."""
    path = tmp_path / "backsight.sqlite"
    with SQLiteStore(path) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("alter table audit rename to gone")
            with pytest.raises(Unavailable, match="no such table: audit"):
                store.add_site(StoredSite("shop", AT), line())
            other.execute("alter table gone rename to audit")
        assert store.add_site(StoredSite("shop", AT), line())


@pytest.mark.parametrize(("user", "actor"), [("ada", "cli:ada"), (None, "cli")])
def test_who_changes_something_from_this_machine(
    monkeypatch: pytest.MonkeyPatch, user: str | None, actor: str
) -> None:
    """An audit line names the door and the user, or the door alone where the user has no name."""

    def name() -> str:
        if user is None:
            raise OSError("no such user")
        return user

    monkeypatch.setattr("getpass.getuser", name)
    assert local_actor("cli") == actor
