"""SQL over HTTP, in Python and on the command line: the same rows, in every form."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import polars
import pyarrow as pa
import pytest
from click.testing import CliRunner

import backsight as bs
from backsight.cli import main
from backsight.errors import InvalidRequest, Refused
from backsight.questions import Questions
from backsight.results.sql import Sql
from shop_site import secret_key, served, write_data

ARROW = "application/vnd.apache.arrow.stream"
VALUES: list[tuple[str, Any]] = [
    ("1", 1),
    ("9007199254740993", "9007199254740993"),
    ("-170141183460469231731687303715884105727::hugeint", "-170141183460469231731687303715884105727"),
    ("sum(1)::hugeint", 1),
    ("1.50::decimal(9, 2)", 1.5),
    ("0.12345678901234567890::decimal(38, 20)", "0.12345678901234567890"),
    ("'nan'::double", None),
    ("'-infinity'::double", None),
    ("0.1::double", 0.1),
    ("timestamptz '2026-10-01 10:00:00.5+02'", "2026-10-01T08:00:00.500000Z"),
    ("timestamp '2026-10-01 10:00:00'", "2026-10-01T10:00:00"),
    ("timestamp_ns '2026-10-01 10:00:00.123456789'", "2026-10-01T10:00:00.123456"),
    ("'infinity'::timestamptz", None),
    ("date '2026-10-01'", "2026-10-01"),
    ("'infinity'::date", None),
    ("time '10:00:00'", "10:00:00"),
    ("interval 90 minutes", 5400.0),
    ("interval 1 month", 30 * 86400.0),
    ("'\\x00ab'::blob", "AGFi"),
    ("[1, null, 9007199254740993]", [1, None, "9007199254740993"]),
    ("{'a': 1, 'b': [timestamptz '2026-10-01']}", {"a": 1, "b": ["2026-10-01T00:00:00Z"]}),
    ("map {'k': 'nan'::double}", {"k": None}),
    ("[map {1: 'x'}]", [{"1": "x"}]),
    ("'b'::enum('a', 'b')", "b"),
    ("uuid '00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"),
    ("'=1+1'", "=1+1"),
    ("'</script>\u202e'", "</script>\u202e"),
    ("null", None),
    ("true", True),
    ("'{\"a\": 1}'::json", '{"a": 1}'),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doors")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Signed up", css="form#signup", on="submit")
    return folder


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def api(folder: Path, url: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {secret_key(folder, 'read')}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def sites(folder: Path, url: str) -> Iterator[tuple[Questions, Questions]]:
    """The shop, read in place and over HTTP."""
    with bs.open(folder) as local, bs.connect(url, secret_key(folder, "read")) as remote:
        yield local, remote


ALL_VALUES = "select " + ", ".join(f"{sql} as v{at}" for at, (sql, _) in enumerate(VALUES))


def test_every_type_has_its_form_in_json(api: httpx.Client) -> None:
    """Values that JSON has no form for have one that is documented; nothing is changed silently."""
    answer = api.post("/v1/sql", json={"sql": ALL_VALUES}).json()
    assert answer["rows"] == [[value for _, value in VALUES]]
    assert answer["columns"][9] == {"name": "v9", "type": "TIMESTAMP WITH TIME ZONE"}
    assert answer["truncated"] is False


def test_both_sites_answer_alike(sites: tuple[Questions, Questions]) -> None:
    """Read in place or over HTTP, a statement has the same rows, of the same exact types."""
    one, other = (site.sql(ALL_VALUES) for site in sites)
    assert one.rows == other.rows
    assert one.columns == other.columns
    assert one.to_arrow().schema.types == other.to_arrow().schema.types
    assert one.to_csv() == other.to_csv()
    assert other.to_arrow()["v9"].type == pa.timestamp("us", "UTC")
    assert other.to_arrow()["v16"].type == pa.duration("us")
    assert math.isnan(other.to_arrow()["v6"][0].as_py())
    counted = "select date, count(*) as n from named_events where name = $name group by 1 order by 1"
    asked = [site.sql(counted, {"name": "Signed up"}, limit=2) for site in sites]
    assert [each.rows for each in asked] == [[["2026-10-01", 1], ["2026-10-04", 1]]] * 2
    assert [each.truncated for each in asked] == [True, True]
    assert asked[0].again().rows == asked[1].again().rows == asked[0].rows


HOSTILE = "chr(27) || ']0;x' || chr(7) || chr(8238) || chr(13) || chr(155)"


def test_refusals_leave_terminals_alone(sites: tuple[Questions, Questions]) -> None:
    """A value that the database quotes in an error may be what anybody sent: it moves no cursor."""
    for sql in (f"select ({HOSTILE})::integer", f"select error({HOSTILE})"):
        for site in sites:
            with pytest.raises(InvalidRequest) as told:
                site.sql(sql)
            assert str(told.value).replace("\n", "").isprintable()
            assert r"\x1b]0;x\x07\u202e\r\x9b" in str(told.value)


def test_both_sites_refuse_alike(sites: tuple[Questions, Questions]) -> None:
    """What is wrong is told in the same words, with the field."""
    for sql, params, field in [
        ("select usr from raw_events", None, "sql"),
        ("copy raw_events to 'x'", None, "sql"),
        ("select $a", None, "params.a"),
        ("select 1", {"a": 1}, "params.a"),
        ("select $a", {"a": {"b": 1}}, "params.a"),
        ("select $a", {"a": [[1]]}, "params.a[0]"),
        ("select $a", {"a": 2**70}, "params.a"),
        ("select 1", {"a b": 1}, "params.a b"),
        ("x" * 100_001, None, "sql"),
        ("select '1'::bit", None, "sql"),
        ("select [interval 1 day]", None, "sql"),
        ("select 'a'::integer", None, "sql"),
        ("select error('told')", None, "sql"),
    ]:
        told = []
        for site in sites:
            with pytest.raises(InvalidRequest) as error:
                site.sql(sql, params)
            told.append((error.value.field, error.value.message, error.value.valid))
        assert told[0] == told[1]
        assert told[0][0] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "sql"),
        ({"sql": 1}, "sql"),
        ({"sql": ""}, "sql"),
        ({"sql": "select 1", "limit": 0}, "limit"),
        ({"sql": "select 1", "limit": 1_000_001}, "limit"),
        ({"sql": "select 1", "params": []}, "params"),
        ({"sql": "select 1", "settings": {}}, "settings"),
        ({"sql": "select 1", "as_of": {}}, "as_of.site"),
    ],
)
def test_a_request_that_is_wrong_is_told_where(api: httpx.Client, body: Any, field: str) -> None:
    """A field that can't be understood is named."""
    response = api.post("/v1/sql", json=body)
    assert response.status_code == 400
    assert response.json()["field"].startswith(field.partition(".")[0])


def test_who_asks_needs_a_key(api: httpx.Client, url: str) -> None:
    """Without a key nothing is answered."""
    assert httpx.post(f"{url}/v1/sql", json={"sql": "select 1"}).status_code == 401
    with pytest.raises(Refused):
        bs.connect(url, "sk_0000000000000000000000000000000000000000")


def test_params_are_values_and_never_sql(sites: tuple[Questions, Questions]) -> None:
    """A value stays a value, whatever stands in it."""
    hostile = "'; drop view raw_events; --"
    asked = {"a": hostile, "b": [1, 2], "c": None, "d": 2.5, "e": True}
    for site in sites:
        assert site.sql("select $a, len($b), $c, $d, $e", asked).rows == [[hostile, 2, None, 2.5, True]]


def test_answers_are_cut_where_they_end(sites: tuple[Questions, Questions]) -> None:
    """As many rows as were asked for are no cut; one more is, and so is what is too large."""
    local, remote = sites
    for limit, truncated in ((10, False), (9, True), (11, False)):
        rows = remote.sql("select i from range(10) t(i)", limit=limit)
        assert (len(rows), rows.truncated) == (min(limit, 10), truncated)
    assert len(local.sql("from range(20000)")) == 10_000
    large = local.sql("select i, repeat('x', 1000000) as x from range(200) t(i)", limit=1_000)
    assert large.truncated
    assert 1 <= len(large) < 70
    many = remote.sql("from range(50000)", limit=50_000)
    assert [row[0] for row in many.rows] == list(range(50_000))


def test_rows_come_as_arrow_and_csv(api: httpx.Client) -> None:
    """The forms of other reports, too: Arrow with all that is known of the rows, CSV that runs nothing."""
    asked = {"sql": "select '=1' as a, i from range(10000) t(i) order by i"}
    stream = api.post("/v1/sql", json=asked, headers={"Accept": ARROW})
    table = pa.ipc.open_stream(stream.content).read_all()
    assert table.num_rows == 10_000
    assert json.loads(table.schema.metadata[b"backsight"])["site"] == "shop"
    text = api.post("/v1/sql", json=asked, headers={"Accept": "text/csv"}).text
    assert list(csv.reader(io.StringIO(text)))[:2] == [["a", "i"], ["'=1", "0"]]
    assert api.post("/v1/sql", json=asked, headers={"Accept": "image/png"}).status_code == 406


def test_columns_of_one_name_are_numbered_in_frames(sites: tuple[Questions, Questions]) -> None:
    """A data frame needs names that differ; rows and columns have them as the statement does."""
    rows = sites[1].sql("select 1 as a, 2 as a, 3 as a_1")
    assert [each["name"] for each in rows.columns] == ["a", "a", "a_1"]
    assert rows.to_polars().rows() == [(1, 2, 3)]
    assert rows.to_polars().columns == ["a", "a_1", "a_1_1"]
    assert isinstance(rows.to_polars(), polars.DataFrame)


def test_a_result_shows_itself(sites: tuple[Questions, Questions]) -> None:
    """A table always; a chart where the first column is a time or text with a number beside it."""
    by_day = sites[0].sql("select date, count(*) as n from raw_events group by 1 order by 1")
    assert by_day.spec()["mark"]["type"] == "line"
    assert by_day.spec()["data"]["values"][0] == {"x": "2026-10-01", "y": 3}
    by_type = sites[0].sql("select type, count(*) as n, 1 as m from raw_events group by 1 order by 2")
    assert by_type.spec()["mark"]["type"] == "bar"
    assert by_type.spec(y="m")["data"]["values"][0]["y"] == 1
    with pytest.raises(InvalidRequest, match="did you mean 'type'"):
        by_type.spec(x="typ")
    assert "2026-10-01" in repr(by_day)
    hostile = sites[0].sql("select '<img src=x>' as \"<b>\", 1 as n")
    assert "<img" not in hostile._repr_html_()
    assert set(hostile._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert "nothing to draw" in json.dumps(sites[0].sql("select 'a' as a").spec())
    many = sites[0].sql("from range(100)")
    assert "…" in repr(many)
    assert "100 rows" in repr(many)
    assert len(repr(sites[0].sql("select i from range(2) t(i) where i > 5")).splitlines()) < 5
    with pytest.raises(InvalidRequest):
        Sql(many.to_arrow(), "from range(100)").again()


def test_on_the_command_line(folder: Path, tmp_path: Path) -> None:
    """A table, CSV or JSON; the statement may stand in a file or come from the standard input."""

    def run(*args: str, given: str | None = None) -> str:
        result = CliRunner().invoke(main, ["sql", "--data", str(folder), *args], input=given)
        assert result.exit_code == 0, result.output
        return result.output

    counted = "select count(*) as n, $who as who from raw_events"
    assert "13  ada" in run(counted, "--param", "who=ada")
    assert run(counted, "--param", 'who=["a"]', "--csv") == 'n,who\n13,"[""a""]"\n'
    assert json.loads(run("-", "--json", "--param", "who=1", given=counted))["rows"] == [[13, 1]]
    (tmp_path / "asked.sql").write_text(counted)
    assert "13" in run(f"@{tmp_path}/asked.sql", "--param", "who=x", "--limit", "1")
    failed = CliRunner().invoke(main, ["sql", "--data", str(folder), "select usr from raw_events"])
    assert failed.exit_code == 1
    assert "  select usr from raw_events\n         ^^^" in failed.output
