"""A run: one report while it is computed, which can be called off and has to end in time.

It belongs to the thread that computes the report (`with run:`), so that whatever takes long there finds it:
the engine ends its statement with it, and work between statements asks `check` now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, Token, copy_context
from threading import Event, Lock, Thread, Timer
from typing import Final, NamedTuple, Self, TypeVar

from backsight.errors import BacksightError, Cancelled, Exceeded

Given = TypeVar("Given")
Made = TypeVar("Made")

AGAIN_SECONDS: Final = 0.02
"""A statement is interrupted until it ends: an interrupt that comes just before it begins has no effect."""

LESS: Final = "a shorter range, narrower filters, fewer steps or series, or rules that match less"
"""What a question is told that takes too much."""


class Stage(NamedTuple):
    """What a run is doing, and how much of it is done (0 to 1; None where nobody knows)."""

    words: str
    share: Callable[[], float | None]


class Run:
    """One report being computed; `cancel` may be called from any thread, at any time.

    With `seconds`, Exceeded is raised in it when so much time has passed since it was entered. Where it is
    `watched`, its stages are kept for whoever waits for it.
    """

    def __init__(self, seconds: float | None = None, *, watched: bool = False) -> None:
        self._seconds = seconds
        self.watched = watched
        self._stages: list[Stage] = []
        self._error: BacksightError | None = None
        self._statements: set[Callable[[], None]] = set()
        self._lock = Lock()
        self._over = Event()
        self._timer: Timer | None = None
        self._token: Token[Run | None] | None = None

    def cancel(self) -> None:
        """Ends it: Cancelled is raised in it, or before it begins."""
        self._end(Cancelled("the question was called off"))

    def check(self) -> None:
        """Raises what it was ended with, if it was."""
        if self._error is not None:
            raise self._error

    def stage(self) -> tuple[str, float | None]:
        """What it does at this moment, and how much of that is done; nothing between stages."""
        with self._lock:
            if not self._stages:
                return "", None
            latest = self._stages[-1]
            return latest.words, latest.share()  # under the lock: what is measured is not closed meanwhile

    @contextmanager
    def doing(self, stage: Stage) -> Iterator[None]:
        """It is at this stage."""
        with self._lock:
            self._stages.append(stage)
        try:
            yield
        finally:
            with self._lock:
                self._stages.remove(stage)

    @contextmanager
    def ending(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While a statement runs, ending the run calls `interrupt`, again and again."""
        with self._lock:
            self._statements.add(interrupt)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._statements.discard(interrupt)

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        if self._seconds is not None:
            self._timer = Timer(self._seconds, self._expire, [self._seconds])
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._token is not None:
            _current.reset(self._token)

    def _expire(self, seconds: float) -> None:
        self._end(
            Exceeded(
                f"the answer takes longer than {seconds:g} s",
                field="query_seconds",
                value=seconds,
                valid=LESS,
            )
        )

    def _end(self, error: BacksightError) -> None:
        with self._lock:
            if self._error is not None or self._over.is_set():
                return
            self._error = error
            begun = self._token is not None
        if begun:  # else it never runs a statement: `ending` refuses
            Thread(target=self._interrupt, name="backsight-ending", daemon=True).start()

    def _interrupt(self) -> None:
        while True:
            with self._lock:
                for interrupt in self._statements:
                    interrupt()
            if self._over.wait(AGAIN_SECONDS):
                return


_current: ContextVar[Run | None] = ContextVar("run", default=None)


def current() -> Run | None:
    """The run that this thread computes."""
    return _current.get()


def check() -> None:
    """Raises where this thread's run was called off or took too long; for work that is not a statement."""
    run = _current.get()
    if run is not None:
        run.check()


def is_watched() -> bool:
    """Whether somebody is shown how far this thread's run is."""
    run = _current.get()
    return run is not None and run.watched


def stage(words: str, share: Callable[[], float | None]) -> AbstractContextManager[None]:
    """This thread's run is at a stage, within; `share` is asked from another thread."""
    run = _current.get()
    return nullcontext() if run is None or not run.watched else run.doing(Stage(words, share))


def side_by_side(
    make: Callable[[Given], Made], things: Iterable[Given], threads: int, words: str = ""
) -> Iterator[Made]:
    """What is made of each, in their order, by up to so many threads; ends as soon as this thread's run does.

    Worth it for work that lets go of Python's lock: reading and numpy. With `words` it is a stage of the run.
    """
    waiting, done = list(things), list[None]()

    def checked(thing: Given) -> Made:
        check()
        made = make(thing)
        done.append(None)
        return made

    with stage(words, lambda: len(done) / len(waiting)) if words else nullcontext():
        yield from _each_made(checked, waiting, threads)


def _each_made(checked: Callable[[Given], Made], waiting: list[Given], threads: int) -> Iterator[Made]:
    if threads == 1 or len(waiting) < 2:
        yield from map(checked, waiting)
        return
    with ThreadPoolExecutor(threads) as pool:
        contexts = [copy_context() for _ in waiting]  # the run is this thread's: others are told of it so
        yield from pool.map(lambda context, thing: context.run(checked, thing), contexts, waiting)
