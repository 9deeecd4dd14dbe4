"""Reports under way: equal questions asked at about the same time are answered once; what nobody waits for
any more is called off.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar

import msgspec

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
    asked: datetime
    answered: Answered
    size: int
    """Bytes of the answer's JSON form."""


@dataclass
class _Flight:
    asked: datetime
    run: Run
    task: asyncio.Task[_Landed]
    askers: int = 0


class Flights:
    """Answers questions in the threads of `workers`, each within `seconds` of work (any time, where None).

    Belongs to one event loop.
    """

    def __init__(self, workers: Workers, seconds: float | None, kept_bytes: int = KEPT_BYTES) -> None:
        self._workers, self._seconds = workers, seconds
        self._flights: dict[Hashable, _Flight] = {}
        self._kept: OrderedDict[Hashable, _Landed] = OrderedDict()
        self._room = kept_bytes

    async def answer(self, question: Question) -> Answered:
        """The answer; where this is cancelled and nobody else waits for it, its computation ends too."""
        key, asked = question.key, question.asked
        kept = self._kept.get(key)
        if kept is not None and abs(asked - kept.asked) <= SAME_TIME:
            return kept.answered
        flight = self._flights.get(key)
        if flight is None or abs(asked - flight.asked) > SAME_TIME:
            flight = self._start(key, question)
        flight.askers += 1
        try:
            return (await asyncio.shield(flight.task)).answered
        finally:
            flight.askers -= 1
            if not flight.askers and not flight.task.done():
                self._forget(key, flight)
                flight.run.cancel()
                flight.task.cancel()

    async def alone(self, work: Callable[[], T]) -> T:
        """What other work over the lake gives, with the same bounds; it ends where this is cancelled."""
        run = Run(self._seconds)

        def within() -> T:
            with run:
                run.check()
                return work()

        try:
            return await self._workers.run(within)
        finally:
            run.cancel()

    def _start(self, key: Hashable, question: Question) -> _Flight:
        run = Run(self._seconds)
        work = self._workers.run(lambda: _fly(question, run))
        flight = _Flight(question.asked, run, asyncio.create_task(work))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda task: self._land(key, flight))
        return flight

    def _land(self, key: Hashable, flight: _Flight) -> None:
        self._forget(key, flight)
        if not flight.task.cancelled() and flight.task.exception() is None:
            self._keep(key, flight.task.result())

    def _forget(self, key: Hashable, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    def _keep(self, key: Hashable, landed: _Landed) -> None:
        self._drop(key)
        self._kept[key] = landed
        self._room -= landed.size
        while self._kept and (self._room < 0 or self._oldest() < landed.asked - SAME_TIME):
            self._drop(next(iter(self._kept)))

    def _oldest(self) -> datetime:
        return next(iter(self._kept.values())).asked

    def _drop(self, key: Hashable) -> None:
        if key in self._kept:
            self._room += self._kept.pop(key).size


def _fly(question: Question, run: Run) -> _Landed:
    # Measured here, in the thread of the report: the event loop, which serves capture too, must not wait.
    answered = Answered(*question.answer(run))
    return _Landed(question.asked, answered, len(msgspec.json.encode(answered.answer)))
