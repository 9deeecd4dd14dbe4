"""What a click costs the page: our snippet beside posthog-js, the same page and real clicks, in one Chromium.

The page has buttons thirty elements deep. Each library is on a tab of its own, and the tabs are clicked in
turns, a hundred clicks at a time. Two figures:

- handler time: how long the page waits in a library's listeners and mutation observers, all events of a click
  together (pointerdown to click). Both are wrapped before the libraries load; the clock there tells 5 µs.
- all time: how long a library keeps the main thread busy, with idle callbacks, timers and sending, so that
  nothing hides there. In turns of their own, by the sampling profiler: samples with one of the library's
  functions on the stack.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession

from backsight.demo.browser import chromium
from bench.browsing.libraries import OURS, POSTHOG, Library
from bench.browsing.loopback import served
from bench.browsing.markup import deep_page
from bench.figures import Figure, note
from bench.terminal import tell

LISTENING: Final = Path(__file__).parent / "browsing" / "listening.js"
DEPTH: Final = 30
BUTTONS: Final = 20
CLICKS_IN_TURN: Final = 100
TURNS: Final = 12
PROFILED_TURNS: Final = 4
SAMPLING_US: Final = 100
PUT_OFF_MS: Final = 6_000
"""Until what was put off is done: posthog-js sends after three seconds, ours after two."""
SENDING_SECONDS: Final = 60
LIMIT: Final = 0.5


def main() -> int:
    """Print both figures and their ratios; 1 where our 95th percentile is above the limit."""
    pages = {f"/{each.name}": ("text/html", deep_page(each, DEPTH, BUTTONS)) for each in (OURS, POSTHOG)}
    with chromium() as (browser, _), served(pages | OURS.served() | POSTHOG.served()) as origin:
        tabs = [Tab(browser, origin, library) for library in (OURS, POSTHOG)]
        for turn in range(TURNS):
            tell(f"clicks: turn {turn + 1} of {TURNS} …")
            for tab in tabs:
                tab.time_clicks()
        tell("clicks under the profiler …")
        for tab in tabs:
            tab.profile_clicks()
            tab.check()
    tell("")
    return report(*tabs)


class Tab:
    """A tab with one library on it, and what its clicks took, in milliseconds."""

    def __init__(self, browser: Browser, origin: str, library: Library) -> None:
        self.library = library
        self.times: list[float] = []
        self.clicks, self.busy_ms = 0, 0.0
        self.page = browser.new_context(viewport={"width": 1200, "height": 800}).new_page()
        self.page.add_init_script(path=LISTENING)
        self.page.add_init_script(f"__measured.on = {library.path!r}")
        self.page.goto(f"{origin}/{library.name}", wait_until="networkidle")
        assert self.page.evaluate("crossOriginIsolated"), "the clock would be too coarse"
        boxes = [button.bounding_box() for button in self.page.get_by_role("button").all()]
        self.places = [(box["x"] + 5, box["y"] + 5) for box in boxes if box and box["y"] < 780]
        self._click(CLICKS_IN_TURN)  # The first ones are slow in both.

    def time_clicks(self) -> None:
        """A turn of clicks, each with the time that passed in the library's callbacks."""
        self.page.bring_to_front()
        self.times += self._click(CLICKS_IN_TURN)

    def profile_clicks(self) -> None:
        """Some turns under the profiler, until what was put off is done too."""
        self.page.bring_to_front()
        profiler = self.page.context.new_cdp_session(self.page)
        profiler.send("Profiler.enable")
        profiler.send("Profiler.setSamplingInterval", {"interval": SAMPLING_US})
        profiler.send("Profiler.start")
        for _ in range(PROFILED_TURNS):
            self._click(CLICKS_IN_TURN)
        self.page.wait_for_timeout(PUT_OFF_MS)
        self.busy_ms = busy_ms(profiler, self.library.path) / (PROFILED_TURNS * CLICKS_IN_TURN)

    def check(self) -> None:
        """Fail where the library has not captured every click: it would be fast for nothing."""
        captured = 0
        for _ in range(SENDING_SECONDS):
            captured = self.page.evaluate(self.library.captured)
            if captured >= self.clicks:
                return
            self.page.wait_for_timeout(1_000)
        raise RuntimeError(f"{self.library.name} captured {captured:,} of {self.clicks:,} clicks")

    def _click(self, count: int) -> list[float]:
        self.page.evaluate("__measured.take()")
        for _ in range(count):
            self.clicks += 1
            self.page.mouse.click(*self.places[self.clicks % len(self.places)])
        times: list[float] = self.page.evaluate("__measured.take()")[1:]  # From before the first one.
        assert len(times) == count
        return times


def busy_ms(profiler: CDPSession, path: str) -> float:
    """Main-thread time of the samples on whose stack is a function of a script."""
    profile: dict[str, Any] = profiler.send("Profiler.stop")["profile"]
    within: set[int] = set()
    for node in profile["nodes"]:  # A parent comes before its children.
        if node["callFrame"]["url"].endswith(path) or node["id"] in within:
            within.update([node["id"], *node.get("children", [])])
    ticks = zip(profile["samples"], profile["timeDeltas"][1:], strict=False)
    return float(sum(delta for sample, delta in ticks if sample in within)) / 1_000


def report(ours: Tab, theirs: Tab) -> int:
    """Print what was measured; 1 where the 95th percentile is above the limit."""
    ratio = 0.0
    for what, of in (("median", statistics.median), ("95th percentile", p95)):
        mine, other = of(ours.times), of(theirs.times)
        ratio = mine / other
        print(f"handlers, {what}: {mine * 1e3:.0f} µs a click, posthog-js {other * 1e3:.0f} µs: {ratio:.2f}")
    busy = ours.busy_ms / theirs.busy_ms
    print(
        f"main thread in all: {ours.busy_ms:.2f} ms a click, posthog-js {theirs.busy_ms:.2f} ms: {busy:.2f}"
    )
    print(f"{len(ours.times):,} clicks each, {DEPTH} elements deep; both captured all of them")
    note(
        Figure("handlers of a click, p95", "posthog-js", ratio, LIMIT),
        Figure("main thread of a click, idle included", "posthog-js", busy, LIMIT),
    )
    return int(ratio > LIMIT)


def p95(times: Sequence[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    raise SystemExit(main())
