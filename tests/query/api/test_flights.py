"""Reports under way: answered once, called off when nobody waits, within bounds of time and memory."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import pytest
from deltalake import write_deltalake

from backsight.api import create_api
from backsight.api.flights import Flights
from backsight.api.workers import Workers
from backsight.contract import PARTITIONS
from backsight.data_directory import DataDirectory
from backsight.errors import BacksightError, Cancelled
from backsight.keys import Keys
from backsight.scan.context import Context, rfc3339
from query.api.asking import Broken, broken_api, client, problem
from query.rows import event, rows_of
from shop_site import secret_key, serve, served, write_data, write_more


def run_apart(work: Coroutine[Any, Any, None]) -> None:
    """Runs in a thread of its own: a browser that an earlier test opened has its event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


ENDLESS = "select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b"


class Counting(Broken):
    """A site whose reports wait until they may go on, and tell how they began and ended."""

    def __init__(self) -> None:
        super().__init__()
        self.began: Queue[dict[str, Any]] = Queue()
        self.ended: Queue[BaseException | None] = Queue()

    def run(self, request: dict[str, Any], context: Context) -> Any:
        """Computes for ever where the request says so; else waits, and gives an answer."""
        self.began.put(request)
        try:
            if "endless" in request:
                context.engine.query(ENDLESS)
            assert self.go_on.wait(30)
        except BaseException as error:
            self.ended.put(error)
            raise
        self.ended.put(None)
        return {"steps": [], "meta": context.meta()}


@pytest.fixture
def site() -> Iterator[Counting]:
    """One that is let go on at the end, whatever happened."""
    made = Counting()
    yield made
    made.go_on.set()
    made.engine.close()


def leaving(url: str, body: bytes) -> socket.socket:
    """A connection on which a funnel was asked for."""
    where = urlsplit(url)
    connection = socket.create_connection((str(where.hostname), int(where.port or 0)))
    head = f"POST /v1/reports/funnel HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk_{'a' * 40}\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def test_equal_questions_are_answered_once(site: Counting) -> None:
    """Who asks what is being computed already gets that answer; the others theirs."""
    with serve(broken_api(site)) as url, client(url, "sk_" + "a" * 40) as api, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(api.post, "/v1/reports/funnel", json={"a": 1}) for _ in range(4)]
        assert site.began.get(timeout=30) == {"a": 1}
        site.go_on.set()
        answers = [future.result() for future in asked]
        other = api.post("/v1/reports/funnel", json={"a": 2})
    assert [answer.status_code for answer in (*answers, other)] == [200] * 5
    assert len({answer.text for answer in answers}) == 1
    assert site.began.get(timeout=30) == {"a": 2}
    assert site.began.empty()


def test_client_that_leaves(site: Counting) -> None:
    """A report that runs ends when its client goes away, and the next one is answered."""
    with serve(broken_api(site)) as url, client(url, "sk_" + "a" * 40) as api:
        connection = leaving(url, b'{"endless": true}')
        site.began.get(timeout=30)
        connection.close()
        assert isinstance(site.ended.get(timeout=30), Cancelled)
        site.go_on.set()
        assert api.post("/v1/reports/funnel", json={}).status_code == 200


def test_one_of_two_askers_leaves(site: Counting) -> None:
    """A report that another asker still waits for goes on."""

    async def leave() -> None:
        flights = Flights(Workers("test", 1, 1), None)
        asked = site.ask("funnel", {})
        first, second = (asyncio.create_task(flights.answer(asked)) for _ in range(2))
        await asyncio.to_thread(site.began.get, timeout=30)
        first.cancel()
        await asyncio.wait({first})
        site.go_on.set()
        assert (await second).answer["steps"] == []

    run_apart(leave())
    assert site.ended.get(timeout=30) is None


def test_who_waits_for_a_turn_is_answered_together(site: Counting) -> None:
    """What is asked again and again while it waits is computed once, as of the last time it was asked."""

    async def ask() -> None:
        flights = Flights(Workers("test", 1, 1), None)
        running = asyncio.create_task(flights.answer(site.ask("funnel", {"number": 1})))
        await asyncio.to_thread(site.began.get, timeout=30)
        first = site.ask("funnel", {"number": 2})
        later = [
            replace(first, context=replace(first.context, now=asked), asked=asked)
            for asked in (first.asked + timedelta(seconds=seconds) for seconds in (40, 20))
        ]
        waiting = [asyncio.create_task(flights.answer(each)) for each in (first, *later)]
        await asyncio.sleep(0)
        site.go_on.set()
        await running
        told = [(await each).answer["meta"]["now"] for each in waiting]
        assert told == [rfc3339(later[0].asked)] * 3

    run_apart(ask())
    assert site.began.get(timeout=30) == {"number": 2}
    assert site.began.empty()


def test_what_is_asked_again_takes_one_thread(site: Counting) -> None:
    """While it is computed for an earlier moment it waits, and leaves the other thread to others."""

    async def ask() -> None:
        flights = Flights(Workers("test", 2, 8), None)
        first = site.ask("funnel", {"number": 1})
        asked = first.asked + timedelta(seconds=10)
        again = replace(first, context=replace(first.context, now=asked), asked=asked)
        tasks = [asyncio.create_task(flights.answer(first))]
        await asyncio.to_thread(site.began.get, timeout=30)
        tasks += [
            asyncio.create_task(flights.answer(each)) for each in (again, site.ask("funnel", {"number": 2}))
        ]
        assert (await asyncio.to_thread(site.began.get, timeout=30)) == {"number": 2}
        site.go_on.set()
        told = [(await task).answer["meta"]["now"] for task in tasks[:2]]
        assert told == [rfc3339(first.asked), rfc3339(asked)]
        await tasks[2]

    run_apart(ask())


def test_an_earlier_moment_is_answered_for_itself(site: Counting) -> None:
    """Questions that wait, of which each is asked as of a moment of its own, have an answer each."""

    async def ask() -> None:
        flights = Flights(Workers("test", 1, 3), None)
        running = asyncio.create_task(flights.answer(site.ask("funnel", {"number": 1})))
        await asyncio.to_thread(site.began.get, timeout=30)
        now = site.ask("funnel", {})
        asked = [
            now if ago is None else replace(now, context=replace(now.context, now=now.asked - timedelta(ago)))
            for ago in (None, 1, 2)
        ]
        waiting = [asyncio.create_task(flights.answer(each)) for each in asked]
        await asyncio.sleep(0)
        site.go_on.set()
        await running
        told = [(await each).answer["meta"]["now"] for each in waiting]
        assert told == [rfc3339(each.context.now) for each in asked]

    run_apart(ask())


def test_an_error_is_told_to_all_and_forgotten() -> None:
    """Who waits for a report that fails hears why; who asks the same after that has it computed anew."""
    site = Failing()

    async def ask() -> None:
        flights = Flights(Workers("test", 1, 8), None)
        asked = site.ask("funnel", {})
        both = await asyncio.gather(flights.answer(asked), flights.answer(asked), return_exceptions=True)
        assert [str(error) for error in both] == ["no. 1", "no. 1"]
        with pytest.raises(RuntimeError, match=r"no\. 2"):
            await flights.answer(asked)

    run_apart(ask())
    site.engine.close()


def test_sites_share_no_answers(tmp_path: Path) -> None:
    """Equal questions of two sites, asked at the same moment, have each site's own answer."""
    write_data(tmp_path, "shop", "blog")
    write_more(tmp_path, "gus", "01 10:00 pricing", site="blog")
    asked = {"steps": [{"on": "pageview"}], "from": "2026-10-01"}
    with served(tmp_path) as url, ThreadPoolExecutor(6) as pool, ExitStack() as stack:
        apis = {
            site: stack.enter_context(client(url, secret_key(tmp_path, "read", site)))
            for site in ("shop", "blog")
        }
        answers = [
            (site, pool.submit(api.post, "/v1/reports/funnel", json=asked))
            for site, api in apis.items()
            for _ in range(3)
        ]
        for site, answer in answers:
            said = answer.result().json()
            assert (said["meta"]["site"], said["steps"][0]["count"]) == (site, {"shop": 5, "blog": 6}[site])


def test_an_asker_leaves_the_queue(site: Counting) -> None:
    """A report that waits is never begun when its asker goes away, and its place is free at once."""

    async def leave() -> None:
        flights = Flights(Workers("test", 1, 1), None)
        running, waiting = (
            asyncio.create_task(flights.answer(site.ask("funnel", {"number": number}))) for number in (1, 2)
        )
        await asyncio.to_thread(site.began.get, timeout=30)
        waiting.cancel()
        await asyncio.wait({waiting})
        next_one = asyncio.create_task(flights.answer(site.ask("funnel", {"number": 3})))
        await asyncio.sleep(0)
        site.go_on.set()
        await asyncio.gather(running, next_one)

    run_apart(leave())
    assert site.began.get(timeout=30) == {"number": 3}
    assert site.began.empty()


def test_other_work_ends_too(site: Counting) -> None:
    """Work over the lake that is no report, such as listing who is in a cohort, is called off as well."""

    async def leave() -> None:
        flights = Flights(Workers("test", 1, 1), None)
        work = asyncio.create_task(flights.alone(site.ask("funnel", {"endless": True}).answer))
        await asyncio.to_thread(site.began.get, timeout=30)
        work.cancel()
        await asyncio.wait({work})

    run_apart(leave())
    assert isinstance(site.ended.get(timeout=30), Cancelled)


def test_time_is_bounded(site: Counting) -> None:
    """A report that takes longer than it may is refused, with what would take less."""
    with serve(broken_api(site, seconds=0.2)) as url, client(url, "sk_" + "a" * 40) as api:
        document = problem(api.post("/v1/reports/funnel", json={"endless": True}), 503)
    assert document["type"].endswith(":exceeded")
    assert document["field"] == "query_seconds"
    assert "shorter range" in document["valid"]
    assert isinstance(site.ended.get(timeout=30), BacksightError)


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A report that needs more memory than there is is refused with advice; the next one is answered."""
    write_data(tmp_path)
    start = datetime(2026, 10, 1, tzinfo=UTC)
    rows = [
        event("A", start + timedelta(seconds=number), device=number, received_at=start)
        for number in range(120_000)
    ]
    table = rows_of("events", rows)
    write_deltalake(
        str(tmp_path / "lake" / "events"), table, mode="append", partition_by=PARTITIONS["events"]
    )
    directory = DataDirectory(tmp_path, threads=1, memory="3MB")
    steps = [{"on": "track", "name": "A"}] * 3
    try:
        app = create_api(directory.site, Keys(directory.store).authenticate)
        with serve(app) as url, client(url, secret_key(tmp_path, "read")) as api:
            document = problem(api.post("/v1/reports/funnel", json={"steps": steps}), 503)
            few = api.post("/v1/reports/funnel", json={"steps": [{"on": "submit"}]})
    finally:
        directory.close()
    assert document["field"] == "memory"
    assert "shorter range" in document["valid"]
    assert few.json()["steps"][0]["count"] == 4


class Failing(Broken):
    """Fails every time, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def run(self, request: dict[str, Any], context: Context) -> Any:
        """Says which time it is."""
        self.runs += 1
        raise RuntimeError(f"no. {self.runs}")


class Instant(Broken):
    """Answers a question at once, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0

    def run(self, request: dict[str, Any], context: Context) -> Any:
        """An answer of about as many bytes as the request asks for."""
        self.runs += 1
        return {"text": "x" * int(request.get("bytes", 1))}


@pytest.mark.parametrize(
    ("later", "size", "runs"), [(0.5, 1, 1), (1.5, 1, 2), (0.5, 10_000, 2)], ids=["soon", "late", "too large"]
)
def test_answers_are_kept_for_a_second(later: float, size: int, runs: int) -> None:
    """An answer is kept for who asks the same within a second, as far as there is room."""
    site = Instant()

    async def ask_twice() -> None:
        flights = Flights(Workers("test", 1, 8), None, kept_bytes=1_000)
        asked = site.ask("funnel", {"bytes": size})
        first = await flights.answer(asked)
        now = asked.asked + timedelta(seconds=later)
        again = replace(asked, context=replace(asked.context, now=now), asked=now)
        assert (await flights.answer(again)).answer == first.answer

    run_apart(ask_twice())
    site.engine.close()
    assert site.runs == runs
