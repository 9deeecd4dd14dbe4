"""How a statement ends before it is done: called off, out of time or memory, by Ctrl-C, with the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from threading import current_thread, main_thread
from typing import TypeVar

import duckdb

from backsight import runs
from backsight.errors import Cancelled
from backsight.held_rows import too_large

T = TypeVar("T")


def interruptible(fetch: Callable[[], T], interrupt: Callable[[], None]) -> T:
    """What `fetch` gives, also to a main thread that hears Ctrl-C meanwhile: then KeyboardInterrupt.

    There it runs in a thread of its own: DuckDB listens while it begins an answer, but not between its parts.
    """
    if current_thread() is not main_thread():
        return fetch()
    with ThreadPoolExecutor(1, "backsight-statement") as pool:
        fetching = pool.submit(copy_context().run, fetch)
        try:
            return fetching.result()
        except KeyboardInterrupt:
            while not fetching.done():
                interrupt()
                wait([fetching], timeout=0.02)
            raise


@contextmanager
def ending_with_run(interrupt: Callable[[], None]) -> Iterator[None]:
    """While a statement runs, the end of its thread's run interrupts it."""
    run = runs.current()
    with nullcontext() if run is None else run.ending(interrupt):
        yield


@contextmanager
def measured(cursor: duckdb.DuckDBPyConnection, words: str) -> Iterator[None]:
    """While a statement of the cursor runs, this thread's run tells how far it is, if somebody is shown."""
    if not runs.is_watched():
        yield
        return
    cursor.execute("set enable_progress_bar = true")
    cursor.execute("set enable_progress_bar_print = false")

    def share() -> float | None:
        percent = cursor.query_progress()
        return percent / 100 if percent >= 0 else None

    with runs.stage(words, share):
        yield


@contextmanager
def raising_ours() -> Iterator[None]:
    """Errors that are no fault of the statement, as ours; the database tells them in several ways."""
    try:
        yield
    except (duckdb.Error, OSError, RuntimeError, MemoryError) as error:
        runs.check()
        text = str(error)
        if text.startswith("INTERRUPT"):
            raise Cancelled("the engine was closed") from error
        if isinstance(error, MemoryError) or text.startswith("Out of Memory"):
            raise too_large() from error
        raise
