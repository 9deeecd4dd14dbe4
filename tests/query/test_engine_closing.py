"""The engine's end: what runs when it is closed, and what is asked afterwards."""

from __future__ import annotations

import threading
from queue import Queue

import duckdb
import pytest

from backsight.engine import Engine
from backsight.errors import Cancelled

ENDLESS = "select sum(a.i * b.i) from range(1000000) as a(i), range(1000000) as b(i)"


def test_closing_ends_the_queries_that_run() -> None:
    """A report that would take hours does not hold up the end of the process, whenever it began."""
    engine = Engine()
    ended: Queue[Exception] = Queue()
    begun = threading.Event()

    def ask() -> None:
        begun.set()
        try:
            engine.query(ENDLESS)
        except (duckdb.Error, Cancelled) as error:
            ended.put(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert begun.wait(timeout=20)
    engine.close()
    assert isinstance(ended.get(timeout=20), Cancelled | duckdb.ConnectionException)
    thread.join()


def test_a_closed_engine_answers_nothing() -> None:
    """A query after the end is an error, and no crash."""
    engine = Engine()
    engine.close()
    with pytest.raises(duckdb.ConnectionException):
        engine.query("select 1")
