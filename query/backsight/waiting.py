"""Whoever waits for an answer: sees after a moment how far it is, and calls it off with Ctrl-C or the stop
button of a notebook, at once.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager
from contextvars import copy_context
from threading import Thread, current_thread, main_thread
from typing import Final, TypeVar

from backsight import progress, runs
from backsight.runs import Run

T = TypeVar("T")

ENDS_SECONDS: Final = 2.0
"""How long what was called off may take to end before its end is no longer waited for."""


def for_work(work: Callable[[], T], *, show: bool = True) -> T:
    """What `work` gives. For the main thread another one does it, and Ctrl-C calls it off: KeyboardInterrupt.

    So an interrupt hits nothing but the waiting: work is never left half done in a cache or under a lock.
    """
    if current_thread() is not main_thread() or runs.current() is not None:
        return work()
    screen = progress.screen() if show else None
    run = Run(watched=screen is not None)
    with progress.shown(screen, run.stage):
        return _apart(work, run)


def for_server(*, show: bool = True) -> AbstractContextManager[None]:
    """While it lasts, somebody waits for a server, which does not tell how far it is."""
    is_front = current_thread() is main_thread()
    return progress.shown(
        progress.screen() if show and is_front else None, lambda: ("Waiting for the server", None)
    )


def _apart(work: Callable[[], T], run: Run) -> T:
    made: Future[T] = Future()

    def compute() -> None:
        try:
            with run:
                answer = work()
        except BaseException as error:
            made.set_exception(error)
        else:
            made.set_result(answer)

    try:
        Thread(target=copy_context().run, args=[compute], name="backsight-question", daemon=True).start()
        return made.result()
    except KeyboardInterrupt:
        run.cancel()
        wait([made], timeout=ENDS_SECONDS)
        raise
