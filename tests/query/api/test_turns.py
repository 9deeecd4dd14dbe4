"""What is refused for memory beside others is computed again alone; what is refused alone is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Any, cast

import pytest

from backsight.api import create_api
from backsight.api.turns import Turns
from backsight.errors import Cancelled, Exceeded
from backsight.held_rows import too_large
from backsight.keys import Principal
from backsight.runs import Run
from backsight.scan.context import Context
from query.api.asking import Broken, client
from shop_site import serve


def within(turns: Turns, work: Callable[[], object], run: Run | None = None) -> object:
    """Takes a turn in a run of its own."""
    with run or Run() as entered:
        return turns.take(work, entered)


class Greedy:
    """Finds too little memory for as long as it is told that there is."""

    def __init__(self, enough: Callable[[], bool]) -> None:
        self._enough = enough
        self.times = 0
        self.tried = threading.Event()

    def __call__(self) -> int:
        self.times += 1
        self.tried.set()
        if not self._enough():
            raise too_large()
        return self.times


def test_refused_beside_others_is_answered_alone() -> None:
    """It waits until they are done; who comes meanwhile waits for it."""
    turns, go_on, came = Turns(), threading.Event(), threading.Event()
    working: list[str] = []
    seen: list[list[str]] = []

    def other(name: str, began: threading.Event) -> None:
        working.append(name)
        began.set()
        assert go_on.wait(30)
        working.remove(name)

    def enough() -> bool:
        seen.append(list(working))
        return not working

    began, greedy = threading.Event(), Greedy(enough)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(within, turns, lambda: other("first", began))
        assert began.wait(30)
        asked = pool.submit(within, turns, greedy)
        assert greedy.tried.wait(30)
        while not turns._alone:
            assert not asked.done()
        late = pool.submit(within, turns, lambda: other("late", came))
        go_on.set()
        assert asked.result(30) == 2
        first.result(30)
        late.result(30)
    assert seen == [["first"], []]
    assert came.is_set()


def test_refused_alone_is_refused() -> None:
    """Nobody else took the memory: it is not tried again."""
    turns, greedy = Turns(), Greedy(lambda: False)
    with pytest.raises(Exceeded, match="more memory"):
        within(turns, greedy)
    assert greedy.times == 1


def test_refused_twice_is_refused() -> None:
    """Where even alone there is too little, it is told so, and the next one is answered."""
    turns, began, go_on = Turns(), threading.Event(), threading.Event()
    greedy = Greedy(lambda: False)

    def wait() -> bool:
        began.set()
        return go_on.wait(30)

    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(within, turns, wait)
        assert began.wait(30)
        asked = pool.submit(within, turns, greedy)
        assert greedy.tried.wait(30)
        go_on.set()
        with pytest.raises(Exceeded, match="more memory"):
            asked.result(30)
        assert other.result(30)
    assert greedy.times == 2
    assert within(turns, lambda: "next") == "next"


def test_too_long_is_not_tried_again() -> None:
    """Only memory is shared with others, in this sense."""
    turns, began, go_on = Turns(), threading.Event(), threading.Event()
    times: list[int] = []

    def late() -> None:
        times.append(1)
        raise Exceeded("the answer takes longer than 1 s", field="query_seconds", value=1, valid="less")

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(within, turns, lambda: began.set() or go_on.wait(30))
        assert began.wait(30)
        with pytest.raises(Exceeded, match="longer"):
            within(turns, late)
        go_on.set()
        other.result(30)
    assert times == [1]


def test_called_off_while_it_waits() -> None:
    """Who waits to be alone is called off at once, and holds up nobody."""
    turns, began, go_on = Turns(), threading.Event(), threading.Event()
    run, greedy = Run(), Greedy(lambda: False)
    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(within, turns, lambda: began.set() or go_on.wait(30))
        assert began.wait(30)
        asked = pool.submit(within, turns, greedy, run)
        assert greedy.tried.wait(30)
        run.cancel()
        with pytest.raises(Cancelled):
            asked.result(30)
        assert within(turns, lambda: "next") == "next"
        go_on.set()
        other.result(30)


class Cramped(Broken):
    """A site with memory for one greedy report, and none beside."""

    def __init__(self) -> None:
        super().__init__()
        self.began: Queue[dict[str, Any]] = Queue()
        self._working: list[dict[str, Any]] = []

    def run(self, request: dict[str, Any], context: Context) -> Any:
        """Refuses what is greedy while other reports are computed."""
        self._working.append(request)
        crowded = len(self._working) > 1
        self.began.put(request)
        try:
            if "greedy" in request and crowded:
                raise too_large()
            assert "greedy" in request or self.go_on.wait(30)
        finally:
            self._working.remove(request)
        return {"steps": [], "meta": context.meta()}


def test_the_api_asks_again_alone() -> None:
    """A report that fits alone is not refused because another one is computed."""
    site, reader = Cramped(), Principal("broken", frozenset({"read"}), "k_1")
    app = create_api(lambda _: cast("Any", site), lambda _: reader)
    with ThreadPoolExecutor(2) as pool, serve(app) as url, client(url, "sk_" + "a" * 40) as api:
        other = pool.submit(api.post, "/v1/reports/funnel", json={})
        assert site.began.get(timeout=30) == {}
        greedy = pool.submit(api.post, "/v1/reports/funnel", json={"greedy": True})
        assert site.began.get(timeout=30) == {"greedy": True}
        site.go_on.set()
        assert [future.result().status_code for future in (other, greedy)] == [200, 200]
    assert site.began.get(timeout=30) == {"greedy": True}
    assert site.began.empty()
    site.engine.close()
