"""Reports under way: equal questions asked at about the same time are answered once, also where they wait
for their turn; what nobody waits for any more is called off.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, NamedTuple, TypeVar

import msgspec

from backsight.api.turns import Turns
from backsight.api.workers import Workers
from backsight.asking import Question
from backsight.results.result import Answer
from backsight.runs import Run

T = TypeVar("T")

SAME_TIME: Final = timedelta(seconds=1)
"""How far apart equal questions may be asked to have one answer, which tells for which moment it holds."""
KEPT_BYTES: Final = 32 * 2**20
"""Most memory for answers that are kept, in their JSON form."""


class Answered(NamedTuple):
    """An answer, and what gives its SQL."""

    answer: Answer
    sql: Callable[[], str]


class _Landed(NamedTuple):
    question: Question
    answered: Answered
    size: int
    """Bytes of the answer's JSON form."""


@dataclass(eq=False)
class _Flight:
    """One computation, for all who asked the same."""

    question: Question
    run: Run
    askers: int = 0
    begun: bool = False
    lock: Lock = field(default_factory=Lock)

    def takes(self, question: Question) -> bool:
        """Whether it answers that one too: what was asked before it begins, or an equal question."""
        with self.lock:
            if self.begun:
                return same(self.question, question)
            self.question = max(self.question, question, key=lambda each: each.asked)
            return True

    def begin(self) -> Question:
        """The question that it answers, from now on."""
        with self.lock:
            self.begun = True
            return self.question


class Flights:
    """Answers questions in the threads of `workers`, each within `seconds` of work (any time, where None).

    Belongs to one event loop.
    """

    def __init__(self, workers: Workers, seconds: float | None, kept_bytes: int = KEPT_BYTES) -> None:
        self._workers, self._seconds, self._turns = workers, seconds, Turns()
        self._flights: dict[_Flight, asyncio.Task[_Landed]] = {}
        self._kept: OrderedDict[Hashable, _Landed] = OrderedDict()
        self._room = kept_bytes

    async def answer(self, question: Question) -> Answered:
        """The answer; where this is cancelled and nobody else waits for it, its computation ends too."""
        kept = self._kept.get(question.key)
        if kept is not None and same(kept.question, question):
            return kept.answered
        alike = [each for each in self._flights if each.question.wish == question.wish]
        flight = next((each for each in alike if each.takes(question)), None) or self._start(question, alike)
        task = self._flights[flight]
        flight.askers += 1
        try:
            return (await asyncio.shield(task)).answered
        finally:
            flight.askers -= 1
            if not flight.askers and not task.done():
                self._flights.pop(flight, None)
                flight.run.cancel()
                task.cancel()

    def forget(self) -> None:
        """Lets go of the answers that are kept."""
        for key in list(self._kept):
            self._drop(key)

    async def alone(self, work: Callable[[], T]) -> T:
        """What other work over the lake gives, with the same bounds; it ends where this is cancelled."""
        run = Run(self._seconds)

        def within() -> T:
            with run:
                run.check()
                return self._turns.take(work, run)

        try:
            return await self._workers.run(within)
        finally:
            run.cancel()

    def _start(self, question: Question, alike: Iterable[_Flight]) -> _Flight:
        flight = _Flight(question, Run(self._seconds))
        task = asyncio.create_task(self._queue(flight, [self._flights[each] for each in alike]))
        self._flights[flight] = task
        task.add_done_callback(lambda task: self._land(flight, task))
        return flight

    async def _queue(self, flight: _Flight, alike: Iterable[asyncio.Task[_Landed]]) -> _Landed:
        # Who asks one thing again and again, while events arrive, takes one thread: others have their turn.
        for each in alike:
            await asyncio.wait({each})
        return await self._workers.run(lambda: self._fly(flight))

    def _fly(self, flight: _Flight) -> _Landed:
        question = flight.begin()
        with flight.run as run:
            answered = Answered(*self._turns.take(question.answer, run))
        # Measured here, in the thread of the report: the event loop, which serves capture too, must not wait.
        return _Landed(question, answered, len(msgspec.json.encode(answered.answer)))

    def _land(self, flight: _Flight, task: asyncio.Task[_Landed]) -> None:
        self._flights.pop(flight, None)
        if not task.cancelled() and task.exception() is None:
            self._keep(task.result())

    def _keep(self, landed: _Landed) -> None:
        key, asked = landed.question.key, landed.question.asked
        self._drop(key)
        self._kept[key] = landed
        self._room -= landed.size
        while self._kept and (self._room < 0 or self._oldest() < asked - SAME_TIME):
            self._drop(next(iter(self._kept)))

    def _oldest(self) -> datetime:
        return next(iter(self._kept.values())).question.asked

    def _drop(self, key: Hashable) -> None:
        if key in self._kept:
            self._room += self._kept.pop(key).size


def same(one: Question, other: Question) -> bool:
    """Whether one answer will do for both."""
    return one.key == other.key and abs(one.asked - other.asked) <= SAME_TIME
