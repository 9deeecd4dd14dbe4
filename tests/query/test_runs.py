"""A report is called off, ends in time and takes no more memory than it may; Ctrl-C ends it at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count

import numpy as np
import pyarrow as pa
import pytest

from backsight import runs
from backsight.engine import Engine
from backsight.errors import Cancelled, Exceeded
from backsight.runs import Run
from backsight.timelines import Timeline, Timelines

ENDLESS = {
    "one row at the end": "select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b",
    "few rows now and then": "select a.range from range(1000000) a, range(1000000) b"
    " where hash(a.range + b.range) % 100000000 = 7",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One of its own, with little memory."""
    made = Engine(threads=1, memory="64MB")
    yield made
    made.close()


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS)
def test_a_run_is_called_off(engine: Engine, sql: str) -> None:
    """The statement of that run ends, and no other."""
    run, began, raised = Run(), threading.Event(), list[BaseException]()

    def compute() -> None:
        with run:
            began.set()
            try:
                engine.query(sql)
            except Cancelled as error:
                raised.append(error)

    thread = threading.Thread(target=compute)
    thread.start()
    assert began.wait(20)
    run.cancel()
    with Run():
        assert engine.query("select 1 as one")["one"].to_pylist() == [1]
    thread.join(20)
    assert len(raised) == 1


def test_called_off_before_it_began(engine: Engine) -> None:
    """Nothing is computed then."""
    run = Run()
    run.cancel()
    with run, pytest.raises(Cancelled):
        engine.query("select 1")


def test_called_off_and_never_begun() -> None:
    """A run whose turn never came leaves no thread behind that waits for its end."""
    before = set(threading.enumerate())
    Run().cancel()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("threads", [1, 2])
def test_work_side_by_side_ends_with_its_run(threads: int) -> None:
    """In whatever thread a part of the work is done, the run's end ends it, and no other part is begun."""
    run = Run()
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        run.cancel()
        runs.check()

    with run, pytest.raises(Cancelled):
        list(runs.side_by_side(work, range(100), threads))
    assert len(done) <= threads


def test_a_walk_ends_with_its_run() -> None:
    """A walk along timelines is called off where it asks for its next column."""
    rows = pa.table({name: pa.array([1, 2]) for name in ("person", "place", "one", "two")})
    run, asked = Run(), list[str]()

    def walk(timeline: Timeline) -> None:
        for name in ("one", "two"):
            assert len(timeline.columns[name]) == 2
            asked.append(name)
            run.cancel()

    with run, pytest.raises(Cancelled):
        Timelines(rows).map(walk)
    assert asked == ["one"]


@pytest.mark.parametrize("threads", [1, 3])
def test_work_side_by_side_gives_what_was_made_in_order(threads: int) -> None:
    """Whoever is done first, the order is that of the things."""
    assert list(runs.side_by_side(lambda number: number * 2, range(50), threads)) == list(range(0, 100, 2))


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS)
def test_time_is_up(engine: Engine, sql: str) -> None:
    """A statement ends in time, and so does work that checks."""
    with Run(0.1), pytest.raises(Exceeded, match=r"longer than 0\.1 s"):
        engine.query(sql)
    with Run(0.05), pytest.raises(Exceeded):
        all(runs.check() is None for _ in count())


def test_work_in_time_is_left_alone(engine: Engine) -> None:
    """What ends earlier is not bothered, nor is what comes after it."""
    with Run(60):
        assert engine.query("select 1 as one").num_rows == 1
        runs.check()
    runs.check()
    assert runs.current() is None


@pytest.mark.parametrize(
    "sql",
    [
        "select range as number from range(10000000)",
        "select array_agg(range order by hash(range)) from range(20000000)",
    ],
    ids=["rows of the answer", "in the database"],
)
def test_too_large(engine: Engine, sql: str) -> None:
    """What takes more memory than there is is refused with advice; the next question is answered."""
    with pytest.raises(Exceeded, match="more memory than there is") as raised:
        engine.query(sql)
    assert "BACKSIGHT_MEMORY" in raised.value.valid
    assert engine.query("select 1 as one").num_rows == 1


def test_rows_let_go_make_room(engine: Engine) -> None:
    """Answers count while they are held only: what fits once fits any number of times."""
    for _ in range(4):
        rows = engine.query("select range as number from range(2000000)")
        assert rows.num_rows == 2_000_000
        del rows
    held = [engine.query("select range as number from range(2000000)")]
    with pytest.raises(Exceeded):
        held += [engine.query("select range as number from range(2000000)") for _ in range(4)]
    assert np.asarray(held[0]["number"])[-1] == 1_999_999


CTRL_C = """
import os, signal, sys, threading
from backsight.engine import Engine
engine = Engine(threads=1)
ready = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
ready.start()
try:
    engine.query(sys.argv[1])
except KeyboardInterrupt:
    print(engine.query("select 'and on' as word")["word"][0])
"""


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS)
def test_ctrl_c(sql: str) -> None:
    """Ctrl-C in a notebook ends the query that runs, as KeyboardInterrupt; the next one is answered."""
    run = subprocess.run(
        [sys.executable, "-c", CTRL_C, sql], capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert (run.stdout, run.stderr) == ("and on\n", "")
