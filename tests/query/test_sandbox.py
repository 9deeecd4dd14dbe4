"""Statements that would reach, change or break something: refused, each in words that tell of no machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import duckdb
import pytest

import backsight as bs
from backsight.errors import BacksightError, Cancelled, Exceeded, InvalidRequest
from backsight.runs import Run
from backsight.sandbox.functions import FUNCTIONS, TABLE_FUNCTIONS
from backsight.sandbox.processes import Sandbox, Setup, Statement, _bounds
from backsight.sandbox.refusals import Refusal
from backsight.sandbox.vetting import vet
from backsight.sandbox.worker import SETTINGS
from backsight.spill import Spill
from shop_site import write_data

SECRET = "a file beside the lake"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sql")
    write_data(folder, "shop", "other")
    (folder / "secret.csv").write_text(f"secret\n{SECRET}\n")
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[bs.Site]:
    with bs.open(folder, site="shop") as opened:
        yield opened


REACHING = [
    "from '{folder}/secret.csv'",
    'from "{folder}/secret.csv"',
    "from read_csv('{folder}/secret.csv')",
    "from read_csv_auto('{folder}/secret.csv')",
    "from read_text('{folder}/secret.csv')",
    "from read_blob('/etc/passwd')",
    "from read_json('{folder}/secret.csv')",
    "from read_parquet('{events}')",
    "from '{events}'",
    "from parquet_scan('{events}')",
    "from parquet_metadata('{events}')",
    "from parquet_schema('{events}')",
    "from sniff_csv('{folder}/secret.csv')",
    "from glob('{folder}/*')",
    "from glob('/*')",
    "from read_text('https://example.com/')",
    "from 's3://bucket/key.parquet'",
    "from sqlite_scan('{folder}/backsight.sqlite', 'keys')",
    "from delta_scan('{folder}/lake/events')",
    "from query('select 1')",
    "from query_table('raw_events')",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "from python_map_function(1)",
    "from arrow_scan(1, 2, 3)",
    "from pandas_scan(1)",
    "from seq_scan('raw_events')",
    "from duckdb_settings()",
    "from duckdb_secrets()",
    "from duckdb_views()",
    "from duckdb_tables",
    "from duckdb_logs",
    "from duckdb_temporary_files()",
    "from pragma_table_info('raw_events')",
    "from information_schema.tables",
    "from pg_catalog.pg_class",
    "from pg_class",
    "from sqlite_master",
    "from system.main.duckdb_views",
    "from memory.main.raw_events",
    "from main.raw_events",
    "from _events",
    "from _statements",
    "from first_users",
    "from os",
    "from sys",
    "from database",
    "from connection",
    "from asked",
    "select getenv('HOME')",
    "select current_setting('temp_directory')",
    "select main.abs(1)",
    "select system.main.current_setting('allowed_paths')",
    "select getvariable('x')",
    "select nextval('x')",
    "select pg_sleep(1)",
    "select sleep_ms(1)",
    "select write_log('x')",
    "select current_query()",
    "select current_schemas(true)",
    "select version()",
    "select json_serialize_sql('select 1')",
    "select in_search_path('a', 'b')",
    "select has_table_privilege('raw_events', 'select')",
    "select backsight_browser('x')",
    "select identifier('x')",
    "with duckdb_settings as (select 1) select * from (from system.main.duckdb_settings)",
    "with a as (from duckdb_settings), duckdb_settings as (select 1) from a",
    "select (with pg_class as (select 1) select 1), (select count(*) from pg_class)",
    'with "duc\u212adb_views" as (select 1) from duckdb_views',  # the sign for Kelvin
    "with a as (select 1) select 1 from raw_events, lateral (from duckdb_settings())",
    "select 1 order by (select count(*) from duckdb_settings())",
    "select 1 limit (select count(*) from duckdb_settings())",
    "select 1 from raw_events where exists (from glob('/*'))",
    "select list_transform([1], lambda x: getenv('HOME'))",
    "select count(*) filter (where current_setting('threads') = '1') from raw_events",
    "select row_number() over (order by current_setting('threads')) from raw_events",
    "describe (from duckdb_settings())",
    "describe duckdb_settings",
    "summarize duckdb_settings",
    "pivot duckdb_settings on name in ('threads') using count(*)",
    "from raw_events at (version => 1)",
    "values (getenv('HOME'))",
]

CHANGING = [
    "copy raw_events to '{folder}/out.csv'",
    "copy (select 1) to '{folder}/out.parquet'",
    "copy raw_events from '{folder}/secret.csv'",
    "export database '{folder}/out'",
    "import database '{folder}/out'",
    "attach '{folder}/backsight.sqlite' as s (type sqlite)",
    "attach '{folder}/out.duckdb'",
    "detach memory",
    "install httpfs",
    "load httpfs",
    "load '{folder}/secret.csv'",
    "force install spatial from community",
    "set memory_limit = '100GB'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "set variable x = 1",
    "reset memory_limit",
    "pragma database_list",
    "pragma memory_limit = '100GB'",
    "call pragma_version()",
    "create table t as select 1",
    "create temp table t as select 1",
    "create view v as select 1",
    "create or replace view raw_events as select 1",
    "create macro f() as 1",
    "create secret s (type s3, key_id 'a', secret 'b')",
    "create sequence s",
    "create type t as enum ('a')",
    "drop view raw_events",
    "alter view raw_events rename to r",
    "insert into raw_events select 1",
    "delete from raw_events",
    "update raw_events set path = ''",
    "truncate raw_events",
    "merge into raw_events using persons on true when matched then delete",
    "with a as (insert into raw_events values (1) returning *) select 1",
    "with a as (delete from raw_events returning *) select 1",
    "with a as (update raw_events set path = '' returning *) select 1",
    "with a as (copy (select 1) to '{folder}/out.csv') select 1",
    "begin",
    "commit",
    "checkpoint",
    "vacuum",
    "analyze",
    "explain select 1",
    "explain analyze select * from raw_events",
    "prepare p as select 1",
    "execute p",
    "deallocate p",
    "use memory",
    "comment on view raw_events is ''",
    "show tables",
    "show all tables",
    "show databases",
    "pivot raw_events on type using count(*)",
    "select 1; select 2",
    "select 1; drop view raw_events",
    "select 1; copy (select 1) to '{folder}/out.csv'; select 2",
    "/* */ ; select 1; select 2",
    "",
    "-- nothing",
    "select",
    "select $1",
    "select ?",
]


@pytest.mark.parametrize("sql", [*REACHING, *CHANGING], ids=lambda sql: re.sub(r"\W+", "-", sql)[:60])
def test_a_statement_reaches_and_changes_nothing_but_rows(sql: str, site: bs.Site, folder: Path) -> None:
    """It is refused before it runs, in words that tell of no file but those that it names itself."""
    events = next((folder / "lake" / "events").rglob("*.parquet"))
    before = sorted(folder.rglob("*"))

    with pytest.raises(InvalidRequest) as told:
        site.sql(sql.format(folder=folder, events=events))

    said = str(told.value)
    assert SECRET not in said
    assert "backsight-spill" not in said
    assert "{" in sql or str(folder) not in said
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("sql", [sql for sql in [*REACHING, *CHANGING] if "{" in sql])
def test_what_would_come_past_the_reading_is_locked(sql: str, folder: Path, tmp_path: Path) -> None:
    """Also a database of which nobody read the statement opens and writes no file that is not the site's."""
    events = next(path for path in (folder / "lake" / "events").rglob("*.parquet") if "other" in str(path))
    own = [str(path) for path in (folder / "lake" / "events").rglob("*.parquet") if "shop" in str(path)]
    spill = Spill()
    before = sorted(folder.rglob("*"))
    rows: list[object] = []
    with duckdb.connect(config=SETTINGS) as database, suppress(duckdb.Error, RuntimeError):
        for statement in _bounds(tuple(own), 1, 64 * 2**20, spill):
            database.execute(statement)
        rows = database.execute(sql.format(folder=folder, events=events)).fetchall()
    spill.close()
    assert SECRET not in str(rows)
    assert "device" not in str(rows)
    assert sorted(folder.rglob("*")) == before


def test_no_other_sites_rows_are_there(site: bs.Site, folder: Path) -> None:
    """Of two sites in one lake, each has its own rows alone, and may open its own files alone."""
    own = site.sql("select count(*) as n, count(distinct device) as d from raw_events").rows
    with bs.open(folder, site="other") as other:
        assert other.sql("select count(*) as n, count(distinct device) as d from raw_events").rows == own
    files = [str(path) for path in (folder / "lake").rglob("*.parquet") if "site=other" in str(path)]
    allowed = site.ask_sql({"sql": "select 1"}).context.snapshot.files("events")
    assert files
    assert not set(files) & set(allowed)


def test_the_functions_compute_values() -> None:
    """Every function that may be called is one of this DuckDB's, and none tells of the machine."""
    sql = "select distinct lower(function_name), function_type from duckdb_functions()"
    rows = duckdb.sql(sql).fetchall()
    known = {name for name, _ in rows}
    syntax = {"current_date", "current_timestamp", "current_localtime", "current_localtimestamp"}
    assert sorted(FUNCTIONS - known - syntax) == []
    assert known >= TABLE_FUNCTIONS
    reading = {name for name, kind in rows if kind in ("table", "pragma", "table_macro")} - TABLE_FUNCTIONS
    assert sorted(reading & FUNCTIONS) == ["histogram", "repeat"]  # of values; in FROM they are no views
    assert not [name for name in FUNCTIONS if re.match(r"pg_|duckdb_|read_|current_s|__internal", name)]


def test_bombs_end_by_themselves() -> None:
    """Statements that ask for all memory, all time or all depth end, within bounds of memory."""
    bombs = Path(__file__).with_name("sql_bombs.py")
    run = subprocess.run([sys.executable, str(bombs)], capture_output=True, check=True, timeout=600)
    said = json.loads(run.stdout)
    for name, became in said["told"].items():
        if name.startswith("endless"):
            assert became == "query_seconds", name
        elif name.startswith("large"):
            assert became == "sql", name
        else:
            assert became in ("refused", "sql", "query_seconds", "answered"), name
    assert said["peaks"]["own"] < 200 * 2**20
    assert said["peaks"]["process"] < 1_000 * 2**20


def test_a_process_that_dies_takes_nothing_with_it() -> None:
    """A statement whose process is killed is told so, and the next one is answered."""
    sandbox = Sandbox(64 * 2**20, 1)
    try:

        def kill(_: object) -> Setup:
            (process,) = sandbox._running
            os.kill(process._process.pid, 9)
            return Setup()

        with pytest.raises(Exceeded):
            sandbox.run(Statement("select 1 as a", {}, 1, 1_000), kill)
        answered = sandbox.run(Statement("select 1 as a", {}, 1, 1_000), lambda _: Setup())
        assert answered.rows.to_pylist() == [{"a": 1}]
    finally:
        sandbox.close()


def test_a_process_that_waited_too_long_is_replaced() -> None:
    """A process that ended while nobody asked is noticed, and another one answers."""
    sandbox = Sandbox(64 * 2**20, 1)
    try:
        ask = Statement("select 1 as a", {}, 1, 1_000)
        sandbox.run(ask, lambda _: Setup())
        (process,) = sandbox._idle
        process._process.kill()
        process._process.wait()
        assert sandbox.run(ask, lambda _: Setup()).rows.to_pylist() == [{"a": 1}]
    finally:
        sandbox.close()


def test_a_large_server_keeps_its_process() -> None:
    """A process is given up for the memory that it took itself, not for that of who started it."""
    large = bytearray(b"x") * (600 * 2**20)
    sandbox = Sandbox(64 * 2**20, 1)
    try:
        for _ in range(2):
            sandbox.run(Statement("select 1 as a", {}, 1, 1_000), lambda _: Setup())
            assert len(sandbox._idle) == 1
    finally:
        sandbox.close()
        del large


def test_calling_off_ends_a_statement_at_once(site: bs.Site) -> None:
    """Whoever calls a question off does not wait for its statement, however busy that is."""
    question = site.ask_sql({"sql": "select count(*) from range(1000000000000)"})
    run = Run()
    raised: list[BaseException] = []

    def ask() -> None:
        with run:
            try:
                question.answer()
            except BaseException as error:
                raised.append(error)

    asking = Thread(target=ask)
    asking.start()
    while not site._engine.sandbox._running:
        asking.join(0.01)
    run.cancel()
    asking.join(30)
    assert [type(each) for each in raised] == [Cancelled]


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    """A closed site has no processes left, and whoever waits for one is told."""
    write_data(tmp_path)
    opened = bs.open(tmp_path)
    sandbox = opened._engine.sandbox
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            opened.sql("select count(*) from range(1000000000000)")
        except BaseException as error:
            raised.append(error)

    asking = Thread(target=ask)
    asking.start()
    while not sandbox._running:
        asking.join(0.01)
    opened.close()
    asking.join(30)
    assert [type(each) for each in raised] == [Cancelled]
    with pytest.raises(Cancelled):
        sandbox.run(Statement("select 1", {}, 1, 1), lambda _: Setup())


def test_secrets_of_the_environment_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process knows no settings of ours, and none of others' secrets."""
    monkeypatch.setenv("BACKSIGHT_SECRET_KEY", SECRET)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    sandbox = Sandbox(64 * 2**20, 1)
    seen: list[bytes] = []

    def look(_: object) -> Setup:
        (process,) = sandbox._running
        seen.append(Path(f"/proc/{process._process.pid}/environ").read_bytes())
        return Setup()

    try:
        sandbox.run(Statement("select 1", {}, 1, 1_000), look)
    finally:
        sandbox.close()
    assert b"PYTHONPATH" in seen[0]
    assert SECRET.encode() not in seen[0]


@pytest.mark.parametrize(
    ("sql", "params", "names"),
    [
        ("from named_events where name = 'A'", {}, ["A"]),
        ("from named_events where 'A' = name and type = 'click'", {}, ["A"]),
        ("from named_events n where n.name in ('A', $b)", {"b": "B"}, ["A", "B"]),
        ("from named_events n join persons p using (person) where n.name = 'A'", {}, ["A"]),
        ("with a as (from named_events where name = 'A') from a, (from named_events where name = 'B')", {},
         ["A", "B"]),
        ("from named_events where name in ('A', 'B') and name = 'A'", {}, ["A"]),
        ("from raw_events where name = 'A'", {}, []),
        ("from named_events", {}, None),
        ("from named_events where name = 'A' or type = 'click'", {}, None),
        ("from named_events where name <> 'A'", {}, None),
        ("from named_events where name = upper('a')", {}, None),
        ("from named_events where name = $b", {"b": 1}, None),
        ("from (from named_events) where name = 'A'", {}, None),
        ("from named_events, raw_events where name = 'A'", {}, None),
        ("from raw_events r asof join named_events n on r.time >= n.time where n.name = 'A'", {}, None),
        ("from raw_events positional join named_events n where n.name = 'A'", {}, None),
        ("from named_events where name = 'A' union all from named_events", {}, None),
        ("select count(*) filter (where name = 'A') from named_events", {}, None),
        ("with named_events as (select 'A' as name) from named_events where name = 'A'", {}, []),
    ],
)  # fmt: skip
def test_names_are_those_next_to_the_view(
    sql: str, params: dict[str, object], names: list[str] | None
) -> None:
    """Which names a statement needs is known where its WHERE says so beside the view; else it needs all."""
    with duckdb.connect() as database:
        assert vet(database, sql, params).to_json()["names"] == names


def test_a_refusal_points_at_its_place(site: bs.Site) -> None:
    """What is wrong is shown with its line, whoever finds it, and what would be right."""
    with pytest.raises(InvalidRequest) as told:
        site.sql("select type,\n  usr\nfrom raw_events")
    assert "line 2\n\n    usr\n    ^^^\n\n" in str(told.value)
    assert "'user'" in told.value.valid
    with pytest.raises(InvalidRequest) as told:
        site.sql("select 1\nfrom raw_evnts")
    assert "line 2\n\n  from raw_evnts\n       ^^^^^^^^^\n\nthere is no view" in str(told.value)
    assert told.value.valid == "did you mean 'raw_events' or 'named_events'"
    with pytest.raises(InvalidRequest, match="did you mean 'count'"):
        site.sql("select cout(*) from raw_events")
    with pytest.raises(InvalidRequest, match=r"line 1\n\n  selec type\n  \^\^\^\^\^"):
        site.sql("selec type")


def test_a_fault_tells_nothing_of_where_things_stand(site: bs.Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks without the statement's doing is told without paths."""

    def broken(*_: object) -> None:
        raise Refusal('IO Error: No files found that match "/srv/data/lake/events/x.parquet"', kind="fault")

    monkeypatch.setattr(site._engine.sandbox, "run", broken)
    with pytest.raises(BacksightError) as told:
        site.sql("select 1")
    assert not isinstance(told.value, InvalidRequest)
    assert "/srv" not in str(told.value)
