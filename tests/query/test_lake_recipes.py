"""docs/how-to/read-the-lake.md: other engines read the lake in place, and give Backsight's own numbers."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from deltalake import DeltaTable, write_deltalake

from backsight.cli import main
from backsight.contract import PARTITIONS, TABLES, id64
from backsight.named_events import NamedEvents
from backsight.sites import ensure_site
from backsight.store.sqlite import SQLiteStore
from shop_site import secret_key, served

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "read-the-lake.md"
START = datetime(2026, 10, 1, 9, tzinfo=UTC)
SITES = ("main", "other")
FORM, BODY, OTHER_FORM = 3, 2, 5
Row = dict[str, Any]
Numbers = list[tuple[date, int, int]]

DONE = [
    (0, "d1", None, FORM), (0, "d1", "ada", FORM), (0, "d2", "ada", FORM), (0, "d3", None, FORM),
    (1, "d1", "bob", FORM), (1, "d1", "cyd", FORM), (1, "d2", None, FORM), (1, "d4", "dan", FORM),
    (1, "d3", None, OTHER_FORM), (1, "d3", None, BODY), (3, "d4", None, FORM), (3, "d5", "eve", FORM),
    (3, "d6", "fay", FORM), (3, "d7", None, FORM),
]  # fmt: skip
"""(day, device, user, node) of each submit."""
SAID = [
    ("s1", "identify", "d1", "ada", None), ("s2", "observed", "d2", "ada", None),
    ("s3", "identify", "d1", "bob", None), ("s4", "identify", "d4", "dan", None),
    ("r1", "revoke", None, None, "s4"), ("s5", "identify", "d5", "eve", None),
    ("r2", "revoke", None, None, "s5"), ("r3", "revoke", None, None, "r2"),
    ("t1", "traits", "d6", "fay", None), ("s6", "identify", "d7", "fay", None),
]  # fmt: skip
"""(id, kind, device, user, what it revokes) of each: d1 has two users, one never held, one does again."""


@pytest.fixture(scope="module")
def check() -> ModuleType:
    """docs/check.py, which knows what stands on a page."""
    spec = importlib.util.spec_from_file_location("docs_check", ROOT / "docs" / "check.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as dataclasses ask for
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a site's data in `backsight-data`; the lake holds another site's rows too, and
    files that don't count.
    """
    data = tmp_path / "backsight-data"
    data.mkdir()
    with SQLiteStore(data / "backsight.sqlite") as store:
        ensure_site(store, "main", "test")
        NamedEvents(store, "main").put("Signed up", [{"on": "submit", "css": "form[action='/account']"}])
    for site in SITES:
        write_lake(data / "lake", site)
    leave_behind(data / "lake" / "events")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_lake(lake: Path, site: str) -> None:
    """A site's tables, in several commits; the other site has twice as many events."""
    events = submits(site)
    for part in (events[::2], events[1::2]):
        write(lake, "events", part)
    write(lake, "statements", statements(site))
    nodes = ((1, None, 11, 0), (2, 1, 12, 1), (3, 2, 13, 2), (5, 2, 15, 2))
    write(lake, "nodes", [node(site, *each) for each in nodes])
    forms = {"action": "/account"}, {"action": "/search"}
    elements = ((11, "html", {}), (12, "body", forms[0]), (13, "form", forms[0]), (15, "form", forms[1]))
    write(lake, "elements", [
        {"site": site, "element_id": element, "tag": tag, "namespace": "html", "attributes": attributes,
         "first_seen": START}
        for element, tag, attributes in elements
    ])  # fmt: skip


def submits(site: str) -> list[Row]:
    """What was done on a site."""
    rows = []
    for number, (day, device, user, where) in enumerate(DONE * (1 + SITES.index(site))):
        time = START + timedelta(days=day, minutes=number)
        rows.append({
            "site": site, "date": time.date(), "time": time, "client_time": time, "received_at": time,
            "type": "submit", "node_id": where, "device": id64("device", device), "page": number,
            "sequence": 0, "user": None if user is None else id64("user", user), "session": number,
            "path": "/join",
        })  # fmt: skip
    return rows


def statements(site: str) -> list[Row]:
    """What was said on a site."""
    return [
        {
            "site": site, "statement_id": name, "kind": kind, "time": START + timedelta(minutes=number),
            "received_at": START, "device": None if device is None else id64("device", device),
            "user": None if user is None else id64("user", user), "user_id": user, "page": number,
            "sequence": 0, "revokes": revokes, "traits": '{"plan": "pro"}' if kind == "traits" else None,
        }
        for number, (name, kind, device, user, revokes) in enumerate(SAID)
    ]  # fmt: skip


def node(site: str, name: int, parent: int | None, element: int, depth: int) -> Row:
    places = dict.fromkeys(("child_index", "child_last", "type_index", "type_last"), 1)
    return {"site": site, "node_id": name, "parent_id": parent, "element_id": element, "depth": depth,
            "flags": 0, "first_seen": START, **places}  # fmt: skip


def write(lake: Path, table: str, rows: list[Row]) -> None:
    data = pa.Table.from_pylist(rows, schema=TABLES[table])
    write_deltalake(str(lake / table), data, mode="append", partition_by=PARTITIONS[table])


def leave_behind(events: Path) -> None:
    """Compacts the events, which leaves the replaced files where they are, and adds one never committed."""
    DeltaTable(str(events)).optimize.compact()
    for committed in map(Path, DeltaTable(str(events)).file_uris()):
        pq.write_table(pq.read_table(committed, partitioning=None), committed.with_name("stray.parquet"))
    assert len(list(events.rglob("*.parquet"))) > len(DeltaTable(str(events)).file_uris()) + 1


def run_page(check: ModuleType, folder: Path, url: str, key: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Runs the page as a reader would: the names that its Python leaves, and what each command printed."""
    names: dict[str, Any] = {"__name__": "recipes"}
    printed = {}
    server = check.Server(folder, url, key, "wk_none")
    blocks = check.blocks(PAGE)
    for block in blocks:
        if block.file:
            (folder / block.file).write_text(block.text, "utf-8")
    for block in blocks:
        if block.language == "python":
            check.run_python(block, server, names)
        for command in check.commands(block.text) if block.language == "console" else ():
            printed[command] = shell(server.filled(command), server.environment)
    return names, printed


def shell(command: str, environment: dict[str, str]) -> str:
    bash = ["bash", "-eo", "pipefail", "-c", command]
    done = subprocess.run(bash, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read_csv(text: str) -> Numbers:
    rows = [row for row in csv.reader(io.StringIO(text)) if row[0] != "date"]
    return [(date.fromisoformat(day), int(events), int(persons)) for day, events, persons in rows]


def test_every_engine_gives_our_numbers(check: ModuleType, folder: Path) -> None:
    """DuckDB, its command line, Polars, pandas and ClickHouse count as Backsight does: events, and persons by
    the rules of identity, revocations of revocations included; of committed files and of one site alone.
    """
    data = folder / "backsight-data"
    with served(data) as url:
        names, printed = run_page(check, folder, url, secret_key(data, "read", "main"))
    ours = counted(names["ours"])
    assert ours == [(date(2026, 10, 1), 4, 2), (date(2026, 10, 2), 4, 3), (date(2026, 10, 4), 4, 4)]
    assert names["by_duckdb"] == ours
    assert names["by_polars"] == ours
    assert read_csv(names["by_clickhouse"]) == ours
    assert read_csv(next(text for command, text in printed.items() if "duckdb -csv" in command)) == ours
    assert [(day, row.events) for day, row in names["by_pandas"].iterrows()] == [row[:2] for row in ours]
    assert names["persons"]["value"].sum() == sum(persons for _, _, persons in ours)


def test_committed_files_are_listed(folder: Path) -> None:
    """`backsight lake` tells the tables of a site, and their committed files on some days, and no others."""
    tables = json.loads(run("tables", "--json"))
    assert [each["table"] for each in tables] == list(TABLES)
    assert tables[0] == {**tables[0], "version": 4, "files": 3}
    assert tables[-1] == {"table": "dead_letters", "version": -1, "files": 0, "bytes": 0}
    lake = DeltaTable("backsight-data/lake/events")
    ours = sorted(path for path in lake.file_uris() if "site=main" in path)
    assert run("files", "events").split() == ours
    assert run("files", "events", "--from", "2026-10-02", "--to", "2026-10-03").split() == ours[1:2]
    assert "dead_letters" in run("tables")


def test_views_have_every_column(folder: Path) -> None:
    """The views have the contract's columns and types, of files that lack some and of none."""
    old = folder / "backsight-data" / "lake" / "events"
    files = [Path(path) for path in DeltaTable(str(old)).file_uris() if "site=main" in path]
    pq.write_table(pq.read_table(files[0], partitioning=None).drop_columns(["error_ms", "text"]), files[0])
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        database.execute(run("views"))
        for table, schema in TABLES.items():
            found = database.sql(f"select * from {table}").to_arrow_table().schema
            assert (found.names, found.types) == (schema.names, schema.types)
        days = database.sql("select distinct date, site from events order by date").fetchall()
    assert days == [(date(2026, 10, day), "main") for day in (1, 2, 4)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("files", "evnts"), "there is no table 'evnts' in the lake. Valid: did you mean 'events'"),
        (("files", "events", "--from", "October"), "'October' is no date. Valid: as in 2026-10-01."),
        (("tables", "--site", "man"), "there is no site 'man'. Valid: did you mean 'main'"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    """An unknown table or site, or a date that is none, is an error that says what would be valid."""
    result = CliRunner().invoke(main, ["lake", *arguments])
    assert result.exit_code in {1, 2}
    assert said in result.stderr


def run(*arguments: str) -> str:
    """What `backsight lake` prints in the current folder."""
    result = CliRunner().invoke(main, ["lake", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def counted(values: list[tuple[int, int]]) -> Numbers:
    """The days on which something happened, of a trend that begins with the first event."""
    return [(START.date() + timedelta(days=at), *each) for at, each in enumerate(values) if each[0]]
