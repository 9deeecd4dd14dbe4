"""Raw events behind figures, as a relation: lazy, the same in place and over HTTP, streamed, and shown."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import httpx
import polars
import pyarrow as pa
import pytest
from click.testing import CliRunner

import backsight as bs
from backsight.api import streams
from backsight.cli import main
from backsight.errors import InvalidRequest, Unavailable
from backsight.questions import Questions
from backsight.results.raw_events import RawEvents
from shop_site import secret_key, served, write_data, write_more

OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}
ANYTHING = {"on": "any", "label": "Anything"}
STEPS = ["Viewed pricing", "Signed up"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's data directory, with two named events."""
    folder = tmp_path_factory.mktemp("shop")
    write_data(folder)
    with bs.open(folder) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        site.define("Signed up", css="form#signup", on="submit")
    return folder


@pytest.fixture(scope="module")
def url(data: Path) -> Iterator[str]:
    with served(data) as address:
        yield address


@pytest.fixture(scope="module")
def local(data: Path) -> Iterator[Questions]:
    with bs.open(data, threads=1) as site:
        yield site


@pytest.fixture(scope="module")
def remote(data: Path, url: str) -> Iterator[Questions]:
    with bs.connect(url, secret_key(data, "read")) as site:
        yield site


BEHIND: dict[str, Callable[[Any], RawEvents]] = {
    "funnel": lambda site: site.funnel(STEPS, **OCTOBER).events(2),
    "funnel's persons": lambda site: site.funnel(STEPS, **OCTOBER).persons(2, dropped=True).events(),
    "retention": lambda site: site.retention(ANYTHING, ANYTHING, "week", **OCTOBER).events("2026-09-28", 1),
    "retention's persons": lambda site: (
        site.retention(ANYTHING, ANYTHING, "week", **OCTOBER).persons("2026-09-28", 1).events()
    ),
    "trend": lambda site: site.trend(["Signed up"], "week", **OCTOBER).events("2026-10-05"),
    "lifecycle": lambda site: site.lifecycle(ANYTHING, "week", **OCTOBER).events("2026-09-28", "new"),
    "stickiness": lambda site: site.stickiness(ANYTHING, **OCTOBER).events(2),
    "paths": lambda site: (lambda found: found.events(found.edges[0]))(site.paths(limit=1, **OCTOBER)),
    "attribution": lambda site: site.attribution("Signed up", "path", limit=1, **OCTOBER).events(
        ["/pricing"]
    ),
    "preview": lambda site: site.preview(on="submit").raw_events(),
}


@pytest.mark.parametrize("name", BEHIND)
def test_both_doors_give_the_same_rows(local: Questions, remote: Questions, name: str) -> None:
    """Row by row, with their columns and types; some rows at all."""
    here, there = BEHIND[name](local), BEHIND[name](remote)
    table, other = here.to_arrow(), there.to_arrow()
    assert table.num_rows == len(here) == len(there) > 0
    assert other.equals(table)
    assert other.schema.equals(table.schema)
    assert here.head() == there.head()
    assert here.persons == there.persons == len(set(table["person"].to_pylist()))
    assert repr(here) == repr(there)


def test_nothing_is_asked_until_it_is_looked_at(local: Questions, monkeypatch: pytest.MonkeyPatch) -> None:
    """To have the relation costs nothing, to count it one question, to count it again none."""
    found = local.funnel(STEPS, **OCTOBER)
    asked: list[str] = []
    answer = type(local)._report
    monkeypatch.setattr(
        type(local),
        "_report",
        lambda site, report, request: (asked.append(report), answer(site, report, request))[1],
    )
    rows = found.events(step=1)
    assert rows
    assert asked == []
    assert [rows.count(), len(rows), rows.persons] == [5, 5, 5]
    assert asked == ["funnel_events"]


def test_rows_are_those_of_the_answer(tmp_path: Path) -> None:
    """Whatever arrived or was redefined since."""
    write_data(tmp_path)
    with bs.open(tmp_path) as site:
        site.define("Viewed pricing", on="pageview", page="/pricing")
        found = site.trend(["Viewed pricing"], **OCTOBER)
        write_more(tmp_path, "new", "02 09:00 pricing")
        site.define("Viewed pricing", on="submit")
        assert len(found.events()) == found.series[0]["total"] == 6
        assert set(found.events().to_polars()["path"]) == {"/pricing"}
        assert site.trend(["Viewed pricing"], **OCTOBER).series[0]["total"] == 4


@pytest.mark.parametrize("door", ["local", "remote"])
def test_a_relation_in_every_form(door: str, request: pytest.FixtureRequest) -> None:
    """Data frames, dictionaries, CSV, a reader and SQL hold the same rows; a limit holds everywhere."""
    site: Questions = request.getfixturevalue(door)
    rows = site.funnel(STEPS, **OCTOBER).events()
    assert isinstance(rows.to_polars(), polars.DataFrame)
    assert rows.to_polars().height == len(rows.to_pandas()) == len(list(rows)) == len(rows) == 8
    lines = list(csv.DictReader(io.StringIO(rows.to_csv())))
    assert [line["person"] for line in lines] == [str(row["person"]) for row in rows]
    assert rows.reader().read_all().num_rows == 8
    told = rows.sql("select step, count(distinct person) from events group by step order by step").fetchall()
    assert told == [(1, 5), (2, 3)]
    assert rows.relation().filter("step = 2").count("*").fetchall() == [(3,)]
    zone = rows.sql("select distinct current_setting('TimeZone') from events").fetchall()
    assert zone == [("UTC",)]  # whatever the machine's: days are those of site.sql
    few = rows.limit(3)
    assert len(few) == few.to_arrow().num_rows == len(list(few)) == len(few.head()) == 3
    assert few.to_arrow().equals(rows.to_arrow().slice(0, 3).combine_chunks())
    with pytest.raises(InvalidRequest, match="limit"):
        rows.limit(0)


def test_it_shows_the_first_rows(local: Questions) -> None:
    """Who, when, which event, where and on what; how many there are."""
    rows = local.funnel(STEPS, **OCTOBER).events(2)
    assert "3 events of 3 persons" in repr(rows)
    assert 'form#signup.card.md\\:flex "Sign up"' in repr(rows)
    assert "Signed up" in rows._repr_html_()
    many = local.trend([ANYTHING], **OCTOBER).events()
    assert "The first" not in repr(many.limit(3))


# ── Over HTTP ───────────────────────────────────────────────────────────────────────────────────────────────

BODY = {"steps": STEPS, "from": "2026-10-01", "to": "2026-10-31"}
PATH = "/v1/reports/funnel/events"


@pytest.fixture(scope="module")
def api(data: Path, url: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {secret_key(data, 'read')}"}
    ) as client:
        yield client


def test_pages_of_json(api: httpx.Client) -> None:
    """Each goes on where the one before ended, until there is no next."""
    seen, after = list[str](), None
    for _ in range(9):
        page = api.post(PATH, json=BODY | {"limit": 3} | ({"after": after} if after else {})).json()
        assert page["total"] == 8
        seen += [f"{event['step']} {event['person']}" for event in page["events"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 8


def test_all_rows_as_a_stream(api: httpx.Client) -> None:
    """As Arrow and as CSV all rows, also more than a page would hold, without a length said before."""
    arrow = api.post(PATH, json=BODY, headers={"Accept": "application/vnd.apache.arrow.stream"})
    assert pa.ipc.open_stream(arrow.content).read_all().num_rows == 8
    assert "content-length" not in arrow.headers
    text = api.post(PATH, json=BODY | {"limit": 2_000}, headers={"Accept": "text/csv"}).text
    assert len(text.splitlines()) == 9


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "application/vnd.apache.arrow.stream"])
def test_what_can_not_be_told_is_a_problem(api: httpx.Client, accept: str) -> None:
    """Before the first row, whatever the form."""
    refused = api.post(PATH, json=BODY | {"step": 3}, headers={"Accept": accept})
    assert (refused.status_code, refused.json()["field"]) == (400, "step")


def test_a_stream_that_breaks_off_is_no_answer(remote: Questions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads it hears that the server stopped: rows are never left out in silence."""
    arrow = streams._arrow

    def breaking(*given: Any) -> Iterator[bytes]:
        yield from list(arrow(*given))[:2]
        raise OSError("the disk is gone")

    monkeypatch.setattr(streams, "_arrow", breaking)
    with pytest.raises(Unavailable):
        remote.funnel(STEPS, **OCTOBER).events().to_arrow()


def test_whoever_leaves_holds_no_thread(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that goes away ends the work; one that takes nothing is let go after a while."""
    ended = threading.Semaphore(0)

    def endless(*_: Any) -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 2**20
        finally:
            ended.release()

    monkeypatch.setattr(streams, "_csv", endless)
    monkeypatch.setattr(streams.Streams.__init__, "__defaults__", (0.2,))
    key = {"Authorization": f"Bearer {secret_key(data, 'read')}", "Accept": "text/csv"}
    with served(data) as url, httpx.Client(base_url=url, headers=key, timeout=30) as client:
        with client.stream("POST", PATH, json=BODY) as answer:
            next(answer.iter_raw())
        assert ended.acquire(timeout=30)
        with client.stream("POST", PATH, json=BODY) as answer:
            assert answer.status_code == 200
            assert ended.acquire(timeout=30)  # though nothing is read
        begun = time.monotonic()
        assert client.post(PATH, json=BODY, headers={"Accept": "application/json"}).status_code == 200
        assert time.monotonic() - begun < 30


def test_who_reads_slowly_gets_every_part(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that still wait when the work is done."""
    made = threading.Event()
    large = b"x" * 2**25  # more than the connection holds on its way, so that the others wait

    def parts(*_: Any) -> Iterator[bytes]:
        yield from (large, b"one", b"two", b"three")
        made.set()

    monkeypatch.setattr(streams, "_csv", parts)
    key, accept = {"Authorization": f"Bearer {secret_key(data, 'read')}"}, {"Accept": "text/csv"}
    with (
        served(data) as url,
        httpx.Client(base_url=url, headers=key, timeout=30) as client,
        client.stream("POST", PATH, json=BODY, headers=accept) as answer,
    ):
        assert made.wait(30)
        assert client.get("/v1/site").status_code == 200  # what ends the work was heard by now
        assert answer.read()[len(large) :] == b"onetwothree"


def test_streams_beyond_those_that_fit_are_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks while every thread and place is taken is told to come again, and never left to wait."""
    monkeypatch.setattr(streams, "_csv", lambda *_: repeat(b"x" * 2**20))
    monkeypatch.setattr("backsight.api.app.ROW_THREADS", 1)
    monkeypatch.setattr("backsight.api.app.ROWS_WAITING", 0)
    key = {"Authorization": f"Bearer {secret_key(data, 'read')}", "Accept": "text/csv"}
    with served(data) as url, httpx.Client(base_url=url, headers=key, timeout=10) as client:
        with client.stream("POST", PATH, json=BODY) as answer:
            assert answer.status_code == 200
            refused = client.post(PATH, json=BODY)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")


# ── On the command line ─────────────────────────────────────────────────────────────────────────────────────


def test_the_command_line_prints_them(data: Path) -> None:
    """As a table, as CSV and as JSON; of a funnel's step, of who dropped, and of a preview."""

    def said(*arguments: str) -> str:
        found = CliRunner().invoke(main, [*arguments, "--data", str(data)])
        assert found.exit_code == 0, found.output
        return found.output

    funnel = ("funnel", *STEPS, "--from", "2026-10-01", "--to", "2026-10-31")
    assert "3 events of 3 persons" in said(*funnel, "--events", "2")
    assert len(said(*funnel, "--events", "2", "--csv").splitlines()) == 4
    assert '"total": 2' in said(*funnel, "--events", "2", "--dropped", "--json")
    assert "4 events" in said("preview", "--on", "submit", "--events")
    refused = CliRunner().invoke(main, [*funnel, "--events", "2", "--sql", "--data", str(data)])
    assert refused.exit_code == 2
