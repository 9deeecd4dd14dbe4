"""What the views say is what reports count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

import backsight as bs
from backsight.contract import EVENTS, PARTITIONS, TABLES, id64
from backsight.errors import Gone, InvalidRequest
from backsight.exports.elements import Described
from backsight.rules import user_agents
from backsight.sandbox.columns import COLUMNS, documented
from backsight.sandbox.vetting import vet
from backsight.sandbox.views import Views, literal
from backsight.trie import Trie
from shop_site import write_data, write_more

FIRST = datetime(2026, 10, 1, tzinfo=UTC)
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    None,
]
PATHS = ["/pricing", "/join", "/thanks", "/it's"]
NAMES = {
    "Viewed pricing": {"on": "pageview", "page": {"path": {"op": "is", "value": "/pricing"}}},
    "Signed up": {"on": "submit", "css": "form#signup"},
    "Clicked": {"css": "form button"},
    'It\'s "quoted"': {"where": [{"property": "path", "op": "is", "value": "/it's"}], "on": "any"},
    "Cheap": {"on": "track", "name": "Order", "where": [{"property": "total", "op": "lt", "value": 20.5}]},
    "Raged": {"on": "click", "rage": {"clicks": 2, "within": "60s"}},
    "By friends": {"on": "any", "where": [{"property": "person.plan", "op": "is", "value": "friend"}]},
}


def _events(random: Random) -> Iterator[dict[str, Any]]:
    for number in range(600):
        device = f"d{random.randrange(12)}"
        time = FIRST + timedelta(hours=4 * random.randrange(36), seconds=random.randrange(40))
        kind = random.choice(["pageview", "click", "submit", "track"])
        yield {
            "site": "shop", "date": time.date(), "time": time, "client_time": time, "received_at": FIRST,
            "type": kind, "device": id64("device", device), "page": id64("page", f"{device} {time:%d %H}"),
            "user": id64("user", f"u{random.randrange(5)}") if random.random() < 0.4 else None,
            "session": id64("session", f"{device} {time.date()}"), "sequence": number, "x": 1, "y": 1,
            "node_id": random.choice([3, 4]) if kind in ("click", "submit") else None,
            "name": "Order" if kind == "track" else None,
            "props": json.dumps({"total": random.randrange(40), "plan": "a'b"}) if kind == "track" else None,
            "host": "shop.example", "path": random.choice(PATHS), "query": "utm_source=news&x=1",
            "referrer": "https://Search.example/?q=1", "user_agent": random.choice(AGENTS),
        }  # fmt: skip


def _statements() -> Iterator[dict[str, Any]]:
    said = [("d0", "u0"), ("d1", "u0"), ("d1", "u1"), ("d2", "u2"), ("d2", "u3"), ("d3", "u4"), ("d4", "u9")]
    for number, (device, user) in enumerate(said):
        yield {
            "site": "shop", "statement_id": f"s{number}", "kind": "identify", "time": FIRST,
            "received_at": FIRST, "device": id64("device", device), "device_id": device,
            "user": id64("user", user), "user_id": user, "sequence": number,
            "traits": json.dumps({"plan": "friend" if number % 2 else "stranger"}),
        }  # fmt: skip
    yield {"site": "shop", "statement_id": "s7", "kind": "revoke", "time": FIRST, "received_at": FIRST,
           "revokes": "s3"}  # fmt: skip


def _write(folder: Path, table: str, rows: Iterator[dict[str, Any]]) -> None:
    data = pa.Table.from_pylist(list(rows), schema=TABLES[table])
    write_deltalake(str(folder / "lake" / table), data, mode="append", partition_by=PARTITIONS[table])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bs.Site]:
    folder = tmp_path_factory.mktemp("rows")
    write_data(folder)
    _write(folder, "events", _events(Random(7)))
    _write(folder, "statements", _statements())
    with bs.open(folder) as opened:
        for name, rule in NAMES.items():
            opened.define(name, rules=rule)
        yield opened


@pytest.mark.parametrize("name", NAMES)
def test_counts_are_those_of_a_trend(site: bs.Site, name: str) -> None:
    """Events and persons of a name, day by day, are what a trend says; asked by the name, or of all names."""
    series = [{"event": name, "measure": measure} for measure in ("events", "persons")]
    trend = site.trend(series, from_="2026-10-01", to="2026-10-06").answer
    events, persons = ([value or 0 for value in each["values"]] for each in _series(trend))
    assert sum(events) > 0

    counted = "select date, count(*), count(distinct person) from named_events where {} group by 1 order by 1"
    by_name = site.sql(counted.format("name = $name"), {"name": name})
    among_all = site.sql(counted.format("lower(name) = lower($name)"), {"name": name})

    found = {day: (number, people) for day, number, people in by_name.rows}
    days = [f"2026-10-0{day}" for day in range(1, 7)]
    assert [found.get(day, (0, 0)) for day in days] == list(zip(events, persons, strict=True))
    assert among_all.rows == by_name.rows


def _series(trend: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["groups"][0] if "groups" in each else each for each in trend["series"]]


def test_a_funnel_by_hand_is_the_funnel(site: bs.Site) -> None:
    """Who did one thing and then another within a week, written as SQL, is what the funnel counts."""
    funnel = site.funnel(["Viewed pricing", "Cheap"], window="7d", from_="2026-10-01", to="2026-10-06")
    by_hand = site.sql("""
with first as (from named_events where name = 'Viewed pricing'),
second as (from named_events where name = 'Cheap')
select count(distinct first.person), count(distinct second.person)
from first
left join second on second.person = first.person
    and (second.time, second.sequence) > (first.time, first.sequence)
    and second.time <= first.time + interval 7 days
""")
    assert [step["count"] for step in funnel.steps] == by_hand.rows[0]


def test_persons_are_those_of_reports(site: bs.Site) -> None:
    """The persons, their users, devices and traits are those that a report lists."""
    listed = site.preview_cohort([{"did": {"on": "any"}}], limit=1_000)
    rows = site.sql("select person, user_id, device_ids, traits from persons").rows
    found = {
        str(person): (user, devices, json.loads(traits or "{}")) for person, user, devices, traits in rows
    }
    assert found == {
        each["person"]: (each["user_id"], each["device_ids"], each["traits"]) for each in listed.persons
    }
    assert any(user for user, _, _ in found.values())
    assert len(found) > 10
    seen = site.sql("select min(first_seen), max(last_seen), sum(events) from persons").rows
    assert seen == site.sql("select min(time), max(time), count(*) from raw_events").rows


def test_derived_columns_are_the_properties_of_reports(site: bs.Site) -> None:
    """A column that is made of others has the values by which a report breaks down."""
    for column in ("browser", "os", "device_type", "bot_kind", "referrer_host", "utm_source", "url"):
        broken = site.trend({"on": "any"}, breakdown=column, from_="2026-10-01", to="2026-10-06").to_arrow()
        counts: dict[Any, int] = {}
        for row in broken.to_pylist():
            counts[row["group"]] = counts.get(row["group"], 0) + int(row["value"])
        rows = site.sql(f"select {column}, count(*) from raw_events group by 1").rows
        assert sorted(counts.values()) == sorted(number for _, number in rows), column
    assert site.sql("select bot, count(*) > 0 from raw_events group by 1 order by 1").rows == [
        [False, True],
        [True, True],
    ]


def test_nodes_are_described_as_exports_do(tmp_path: Path) -> None:
    """A node's way from the root is the selector of an export, whatever its names are made of."""
    write_data(tmp_path)
    odd = ["a b", "1x", "-1", "-", "ü.x", "a:b", "t\tb", "<b>", "'", '"', "\\", "x\x7f", "é1", "--a"]
    elements = [
        {"site": "shop", "element_id": 100 + at, "tag": tag, "namespace": "html", "first_seen": FIRST,
         "attributes": attributes}
        for at, (tag, attributes) in enumerate([
            *(("div", {"class": f"{each} plain"}) for each in odd),
            *(("my-tag", {"id": each}) for each in odd),
            ("p", {"class": "a b c d e"}), ("p", {"class": "", "id": ""}), ("p", {"class": None}),
        ])
    ]  # fmt: skip
    nodes = [
        {"site": "shop", "node_id": 100 + at, "parent_id": 3 if at % 3 else 99 + at,
         "depth": 3 if at % 3 else 4,
         "element_id": 100 + at, "child_index": 1, "child_last": 1, "type_index": 1 + at % 2, "type_last": 1,
         "flags": at % 8, "first_seen": FIRST}
        for at in range(1, len(elements))
    ] * 2  # fmt: skip
    _write(tmp_path, "elements", iter(elements))
    _write(tmp_path, "nodes", iter(nodes))
    with bs.open(tmp_path) as opened:
        rows = opened.sql("select node_id, selector, tag, id, in_shadow, detached from nodes").to_arrow()
        snapshot = opened.ask_sql({"sql": ""}).context.snapshot
    described = Described(Trie.build(snapshot.rows("nodes"), snapshot.rows("elements")))
    assert len(rows) == len(elements) + 3
    known = [row for row in rows.to_pylist() if row["selector"] is not None]
    expected = described.columns(pa.array([row["node_id"] for row in known], pa.int64()))
    assert [row["selector"] for row in known] == expected[3].to_pylist()
    assert len(known) > len(elements) * 0.6


def test_a_statement_as_of_an_answer_gives_its_rows(tmp_path: Path) -> None:
    """What was captured or redefined since changes nothing of an answer that is asked again."""
    write_data(tmp_path)
    with bs.open(tmp_path) as opened:
        opened.define("Seen", on="pageview")
        first = opened.sql(
            "select count(*), (select count(*) from named_events where name = 'Seen') from raw_events"
        )
        write_more(tmp_path, "gus", "06 10:00 pricing")
        opened.define("Seen", on="submit")
        now = opened.sql(first.sql())
        assert first.rows == [[13, 6]]
        assert now.rows == [[14, 4]]
        assert first.again().rows == opened.sql(first.sql(), as_of=first).rows == first.rows
        assert first.meta["events"] == {"Seen": 1}
        earlier = {**first.meta, "snapshot": {**first.meta["snapshot"], "events": 99}}
        with pytest.raises((InvalidRequest, Gone)):
            opened.sql("select 1", as_of=earlier)


def test_names_in_vain_are_told_of_up_to_some(site: bs.Site) -> None:
    """A statement that asks for thousands of names that there are not hears of a few, and how many more."""
    listed = ", ".join(f"'n{number:04}'" for number in range(5_000))
    warnings = site.sql(f"select 1 from named_events where name in ({listed})").meta["warnings"]
    assert len(warnings) == 11
    assert warnings[0].startswith("There is no named event 'n0000'. Valid: ")
    assert warnings[-1] == "Of 4,990 more names there is no named event either."


def test_files_without_newer_columns_are_read(tmp_path: Path) -> None:
    """A lake of before a column existed has nulls in it; an empty one has all columns, and no rows."""
    with bs.open(_emptied(tmp_path)) as opened:
        for view, columns in COLUMNS.items():
            told = opened.sql(f"describe {view}")
            assert [row[:2] for row in told.rows] == [[each.name, each.type] for each in columns]
            assert opened.sql(f"from {view}").rows == []
    write_data(tmp_path)
    with bs.open(tmp_path, site="shop") as opened:
        assert opened.sql("select count(*), count(error_ms) from raw_events").rows == [[13, 0]]


def _emptied(folder: Path) -> Path:
    from backsight.sites import ensure_site
    from backsight.store.sqlite import SQLiteStore

    with SQLiteStore(folder / "backsight.sqlite") as store:
        ensure_site(store, "shop", "test")
    (folder / "lake").mkdir()
    return folder


def test_every_column_is_there_and_documented(site: bs.Site) -> None:
    """The views have the columns that the reference lists, of their types, and all of the contract's."""
    reference = (Path(__file__).parents[2] / "docs/reference/sql.md").read_text()
    for view, columns in COLUMNS.items():
        told = site.sql(f"describe {view}").rows
        assert [row[:2] for row in told] == [[each.name, each.type] for each in columns]
        assert documented(view) in reference
    raw = {column.name for column in COLUMNS["raw_events"]}
    assert set(EVENTS.names) - {"site"} <= raw


@pytest.mark.parametrize("view", ["raw_events", "named_events"])
@pytest.mark.parametrize(
    ("asked", "joins"),
    [
        ("count(*)", 0),
        ("count(path)", 0),
        ("count(distinct person)", 1),
        ("count(user_id)", 2),
        ("count(e)", 3),
    ],
)
def test_who_asks_for_no_person_pays_for_none(site: bs.Site, view: str, asked: str, joins: int) -> None:
    """Who did something is looked up where a statement asks for it, and not else."""
    sql = f"select {asked} from {view} as e where path <> 'x'"
    with duckdb.connect() as database:
        mentioned = {**vet(database, sql, {}).to_json(), "names": ["Signed up"]}
        setup = Views(site.ask_sql({"sql": sql}).context).setup(mentioned)
        user_agents.register(database)
        for name, table in setup.tables.items():
            database.register(name, table)
        for statement in setup.statements:
            database.execute(statement)
        plan = database.execute(f"explain {sql}").fetchall()[0][1]
    assert plan.lower().count(" join ─") == joins, plan


@pytest.mark.parametrize(
    "sql",
    [
        "select * from {}",
        "select e from {} as e",
        "select {0}::json from {0}",
        "select columns('per.*') from {}",
        "select #5, #6 from {}",
        "select f from {} as e(a, b, c, d, f)",
        "select e.* exclude (name) from {} as e",
        "select count(*) from {} natural join persons",
        "select count(*) from {} join persons using (person)",
        "from (select a.person from {} as a) as b select b.PERSON",
        "select count(*) from (pivot (from {}) on type in ('click') using count(*))",
        "unpivot (select person, device from {}) on person, device",
        "select max_by(type, e) from {} as e",
        "summarize {}",
        "select count(*) from (from {} except from {} where false)",
        'select "Person", "TRAITS" from {}',
    ],
)
@pytest.mark.parametrize("view", ["raw_events", "named_events"])
def test_columns_are_there_however_they_are_asked_for(site: bs.Site, view: str, sql: str) -> None:
    """A column that is made only for those who ask is there also where it is asked for without its name."""
    text = sql.replace("{0}", view).replace("{}", view)
    assert len(site.sql(text)) > 0


@pytest.mark.parametrize(
    "value", ["it's", "a\0b", "\\", "$1", "", "ü\n", 3, -4.5, 1e300, True, None, ["a", "b"]]
)
def test_a_literal_is_its_value(value: object) -> None:
    """Any value that a rule compares with reads back as itself."""
    assert duckdb.sql(f"select {literal(value)}").fetchall()[0][0] == value
