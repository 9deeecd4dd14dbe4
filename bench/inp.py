"""Interaction to Next Paint of a heavy page: without a library, with our snippet and with posthog-js.

The page has 10,000 nodes; a click keeps it busy for a while and changes a tenth of them. Four tabs of one
Chromium are clicked in turns: two without a library, whose difference is noise, and one with each library. A
click's duration is the browser's own, from the pointer to the next frame, which it tells in steps of 8 ms.

https://web.dev/articles/inp, https://www.w3.org/TR/event-timing/
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final

from playwright.sync_api import Browser

from backsight.demo.browser import chromium
from bench.browsing.libraries import NOTHING, OURS, POSTHOG, Library
from bench.browsing.loopback import served
from bench.browsing.markup import heavy_page
from bench.figures import Figure, note
from bench.terminal import tell

ROWS: Final = 1_000
BUSY_MS: Final = 30
CLICKS_IN_TURN: Final = 20
TURNS: Final = 15
WATCH: Final = """
  window.__durations = new Map();
  new PerformanceObserver((list) => {
    for (const { interactionId: click, duration } of list.getEntries())
      if (click) __durations.set(click, Math.max(duration, __durations.get(click) ?? 0));
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
"""


def main() -> int:
    """Print each tab's INP; 1 where ours is longer than without it by more than noise."""
    pages = {
        f"/{each.name}": ("text/html", heavy_page(each, ROWS, BUSY_MS)) for each in (NOTHING, OURS, POSTHOG)
    }
    with chromium() as (browser, _), served(pages | OURS.served() | POSTHOG.served()) as origin:
        tabs = [Tab(browser, origin, library) for library in (NOTHING, NOTHING, OURS, POSTHOG)]
        for turn in range(TURNS):
            tell(f"clicks: turn {turn + 1} of {TURNS} …")
            for tab in tabs:
                tab.click()
        for tab in tabs:
            tab.check()
    tell("")
    return report(*tabs)


class Tab:
    """A tab with at most one library on it, and by turn how long its clicks took, in milliseconds."""

    def __init__(self, browser: Browser, origin: str, library: Library) -> None:
        self.library = library
        self.turns: list[list[float]] = []
        self.page = browser.new_context(viewport={"width": 1200, "height": 800}).new_page()
        self.page.add_init_script(WATCH)
        self.page.goto(f"{origin}/{library.name}", wait_until="networkidle")
        boxes = [button.bounding_box() for button in self.page.get_by_role("button").all()[:CLICKS_IN_TURN]]
        self.places = [(box["x"] + 5, box["y"] + 5) for box in boxes if box and box["y"] < 780]
        self.click()
        self.turns.clear()  # The first clicks are slow everywhere.

    def click(self) -> None:
        """A turn of clicks."""
        self.page.bring_to_front()
        self.page.evaluate("__durations.clear()")
        for n in range(CLICKS_IN_TURN):
            self.page.mouse.click(*self.places[n % len(self.places)])
        self.page.wait_for_function("(count) => __durations.size >= count", arg=CLICKS_IN_TURN)
        self.turns.append(self.page.evaluate("[...__durations.values()]"))

    def check(self) -> None:
        """Fail where the library has not captured every click."""
        count = (TURNS + 1) * CLICKS_IN_TURN
        self.page.wait_for_function(f"(count) => {self.library.captured} >= count", arg=count)

    @property
    def inp(self) -> float:
        """The 98th percentile of all clicks."""
        return statistics.quantiles([each for turn in self.turns for each in turn], n=50)[-1]

    @property
    def means(self) -> list[float]:
        """The mean of each turn: of many values in steps of 8 ms, it tells less than a step."""
        return [statistics.fmean(turn) for turn in self.turns]


def report(nothing: Tab, again: Tab, ours: Tab, theirs: Tab) -> int:
    """Print what was measured; 1 where ours adds more than noise."""
    noise = error(differences(again, nothing))
    for name, tab in (
        ("nothing", nothing),
        ("nothing, again", again),
        ("ours", ours),
        ("posthog-js", theirs),
    ):
        mean, more = statistics.fmean(tab.means), statistics.median(differences(tab, nothing))
        print(f"{name:15} INP {tab.inp:.0f} ms, mean {mean:.2f} ms; {more:+.2f} ms in the same turn")
    added = statistics.median(differences(ours, nothing))
    print(f"noise ± {noise:.2f} ms: 95 % of what the difference of two equal tabs would be")
    note(Figure("mean interaction of a heavy page, added ms", "no snippet", added, noise))
    return int(added > noise)


def differences(tab: Tab, other: Tab) -> list[float]:
    """Turn by turn: what else the machine does changes both."""
    return [a - b for a, b in zip(tab.means, other.means, strict=True)]


def error(values: Sequence[float]) -> float:
    """Half of the interval in which 95 % of such medians lie about zero; a few wild turns do not widen it.

    A normal distribution's deviation is 1.48 times the median of the distances from its middle, and the error
    of a median is 1.25 times that of a mean.
    """
    deviation = 1.48 * statistics.median(abs(value) for value in values)
    return 1.96 * 1.25 * deviation / math.sqrt(len(values))


if __name__ == "__main__":
    raise SystemExit(main())
