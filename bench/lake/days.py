"""One day's events: sessions of pages of clicks, by the hour of the day, sorted by node and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.contract import EVENTS
from bench.lake.columns import DAY, DAYS, FIRST_DAY, SITE, Integers, fill, micros_of, mixed, pick, repeat
from bench.lake.elements import JOURNEY, KINDS, RANDOM_STEPS, Pages
from bench.lake.people import People
from bench.lake.plant import Plant

GROWTH: Final = 0.8
"""The last day has so many times more events than the first, plus one."""
WEEK: Final = (1.1, 1.15, 1.15, 1.1, 1.0, 0.7, 0.75)
HOURS: Final = (2, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 9, 10, 11, 11, 10, 9, 9, 10, 11, 10, 7, 4)

EVENTS_PER_SESSION: Final = 8
SECONDS_BETWEEN: Final = 25
JOURNEYS: Final = 0.1
"""Share of the sessions whose clicks are the journey's steps, in order, as far as the session goes."""
TYPES: Final = {"click": 0.78, "change": 0.08, "submit": 0.05, "track": 0.05, "leave": 0.04}
"""Of what is no pageview, no journey and no step."""
PAGEVIEWS: Final = 0.15
"""Share of a session's later events that open a page."""
KINDS_OF_EVENT: Final = ("pageview", *TYPES)
PAGEVIEW, CLICK, TRACK, LEAVE = (
    KINDS_OF_EVENT.index(kind) for kind in ("pageview", "click", "track", "leave")
)

WATCHED_MS: Final = 2_500
EFFECTS: Final = {
    "navigation_ms": (0.12, 350),
    "dom_ms": (0.75, 40),
    "scroll_ms": (0.06, 180),
    "focus_ms": (0.2, 5),
    "error_ms": (0.01, 60),
}
"""Share of the clicks that had such an effect, and the median of its milliseconds."""

PRICES: Final = [
    f'{{"price": {price}.5, "plan": "{plan}", "items": {items}}}'
    for price in range(5, 205, 5) for plan in ("free", "pro", "team") for items in (1, 2, 5)
]  # fmt: skip
TRACKED: Final = ["Order Completed", "Plan Chosen", "Video Played", "Coupon Used", "Search Done"]
SOURCES: Final = ["google", "newsletter", "partner", "ads", "social"]
CAMPAIGNS: Final = [
    f"utm_source={source}&utm_medium={medium}&utm_campaign=c{number}"
    for source in SOURCES for medium in ("cpc", "email") for number in range(12)
]  # fmt: skip
REFERRERS: Final = [f"https://{host}/" for host in ("www.google.com", "t.co", "news.example", "blog.example")]
LANGUAGES: Final = ["en-GB", "en-US", "de-DE", "fr-FR", "es-ES", "pl-PL"]
AGENTS: Final = [
    *(f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0" for n in range(120, 132)),
    *(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{n}.0.0.0"
      " Safari/537.36" for n in range(118, 132)),
    *(f"Mozilla/5.0 (iPhone; CPU iPhone OS {n}_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
      f" Version/{n}.0 Mobile/15E148 Safari/604.1" for n in range(14, 18)),
]  # fmt: skip
PATHS_PER_TEMPLATE: Final = 20


@dataclass(frozen=True)
class Site:
    """What a day is drawn from."""

    pages: Pages
    people: People
    plant: Plant


@dataclass(frozen=True)
class Drawn:
    """Columns of a day's events, not sorted yet."""

    time: Integers
    device: Integers
    user: Integers
    session: Integers
    page: Integers
    sequence: Integers
    kind: Integers
    """Places in KINDS_OF_EVENT."""
    template: Integers
    node: Integers
    is_landing: npt.NDArray[np.bool_]


def share_out(events: int) -> Integers:
    """How many events each day has, all together `events`: by the week, growing."""
    day = np.arange(DAYS)
    weights = np.array(WEEK)[day % 7] * (1 + GROWTH * day / DAYS)
    return np.diff(np.floor(np.append(0, np.cumsum(weights) / weights.sum()) * events + 0.5)).astype(np.int64)


def draw_day(site: Site, day: int, count: int, seed: int) -> pa.Table:
    """The rows of a day: `count` with the planted ones, as compaction sorts them."""
    random = np.random.default_rng([seed, day])
    midnight = micros_of(FIRST_DAY) + day * DAY
    planted = slice(*np.searchsorted(site.plant.time, [midnight, midnight + DAY]))
    drawn = _joined(_visits(site, midnight, count - (planted.stop - planted.start), random),
                    _planted(site, planted, random))  # fmt: skip
    order = np.lexsort((drawn.time, drawn.node, ~_has_node(drawn.kind)))
    return _rows(Drawn(*(column[order] for column in vars(drawn).values())), day, random)


def _has_node(kind: Integers) -> npt.NDArray[np.bool_]:
    return np.asarray((kind != PAGEVIEW) & (kind != TRACK) & (kind != LEAVE))


def _visits(site: Site, midnight: int, count: int, random: np.random.Generator) -> Drawn:
    sizes = _sizes(count, random)
    session = np.repeat(np.arange(len(sizes)), sizes)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    place = np.arange(count) - first
    device = site.people.draw(len(sizes), random)[session]
    time = midnight + _times(sizes, first, random)
    opens = (place == 0) | (random.random(count) < PAGEVIEWS)
    page = np.cumsum(opens) - 1
    templates = _zipf(site.pages.templates, int(opens.sum()), random)
    template = templates[page]
    step = _steps(session, place, opens, len(sizes), random)
    kind = np.where(opens, PAGEVIEW, 1 + random.choice(len(TYPES), count, p=list(TYPES.values())))
    kind = np.where((step >= 0), CLICK, kind)
    node = site.pages.nodes(template, _zipf(500, count, random))
    node = np.where(
        step >= 0, site.pages.step_nodes(np.maximum(step, 0), random.integers(0, 2**30, count)), node
    )
    starts = np.flatnonzero(opens)
    key = mixed(midnight // DAY * 2**32 + np.arange(len(starts)))
    in_session = mixed(midnight // DAY * 2**32 + 2**31 + np.arange(len(sizes)))
    return Drawn(time, site.people.ids[device], site.people.users(device, time), in_session[session],
                 key[page], np.arange(count) - starts[page], kind, template, node,
                 (page == page[first]))  # fmt: skip


def _sizes(count: int, random: np.random.Generator) -> Integers:
    """Lengths of sessions that make up `count` events."""
    sizes = random.geometric(1 / EVENTS_PER_SESSION, count // EVENTS_PER_SESSION * 2 + 50)
    whole = int(np.searchsorted(np.cumsum(sizes), count))
    sizes = sizes[: whole + 1].astype(np.int64)
    sizes[-1] -= sizes.sum() - count
    return sizes


def _times(sizes: Integers, first: Integers, random: np.random.Generator) -> Integers:
    """Since midnight: a session starts by the hours' weights, its events follow, all within the day."""
    hours = np.array(HOURS) / sum(HOURS)
    start = (random.choice(24, len(sizes), p=hours) + random.random(len(sizes))) * (DAY // 24)
    gaps = np.minimum(random.exponential(SECONDS_BETWEEN * 1e6, len(first)), 1.7e9)
    passed = np.cumsum(gaps)
    passed -= passed[first]
    taken = passed[np.cumsum(sizes) - 1]
    start = np.maximum(np.minimum(start, DAY - 1 - taken), 0)
    return np.asarray(np.minimum(np.repeat(start, sizes) + passed, DAY - 1), np.int64)


def _steps(
    session: Integers,
    place: Integers,
    opens: npt.NDArray[np.bool_],
    sessions: int,
    random: np.random.Generator,
) -> Integers:
    """Which step each event is, of a journey or at random; -1 for none."""
    journey = random.random(sessions) < JOURNEYS
    step = np.where(journey[session] & (place < JOURNEY), place, -1)
    edges = np.cumsum(list(RANDOM_STEPS.values()))
    chance = np.searchsorted(edges, random.random(len(place)), side="right")
    drawn = np.where(chance < len(edges), JOURNEY + chance, -1)
    return np.where((step < 0) & ~opens, drawn, step)


def _zipf(count: int, size: int, random: np.random.Generator) -> Integers:
    """Ranks from 0 with weight 1 / (rank + 1), nearly."""
    return np.minimum(((count + 1) ** random.random(size)).astype(np.int64) - 1, count - 1)


def _planted(site: Site, rows: slice, random: np.random.Generator) -> Drawn:
    plant = site.plant
    time, step = plant.time[rows], plant.step[rows]
    count = len(time)
    own = mixed(np.arange(rows.start, rows.stop) + 2**52)
    node = site.pages.step_nodes(step, random.integers(0, 2**30, count))
    return Drawn(time, plant.device[rows], plant.user[rows], own, own + 1, np.zeros(count, np.int64),
                 np.full(count, CLICK), random.integers(0, site.pages.templates, count), node,
                 np.zeros(count, bool))  # fmt: skip


def _joined(one: Drawn, other: Drawn) -> Drawn:
    pairs = zip(vars(one).values(), vars(other).values(), strict=True)
    return Drawn(*(np.concatenate(pair) for pair in pairs))


def _rows(drawn: Drawn, day: int, random: np.random.Generator) -> pa.Table:
    count, time, template, kind = len(drawn.time), drawn.time, drawn.template, drawn.kind
    templates = int(template.max(initial=0)) + 1
    lacks_node, no_text = ~_has_node(kind), ~_has_node(kind) | (drawn.node % 5 == 0)
    visitor, path = (
        np.abs(drawn.device),
        template * PATHS_PER_TEMPLATE + np.abs(drawn.page) % PATHS_PER_TEMPLATE,
    )
    width = np.array([1_280, 1_440, 1_920, 390])[visitor % 4]
    landing = np.abs(mixed(drawn.session))
    made = {
        "site": repeat(SITE, count),
        "date": pa.repeat(pa.scalar(FIRST_DAY + timedelta(days=day), pa.date32()), count),
        "time": time, "client_time": time - 40_000, "sent_at": time + 900_000,
        "received_at": time + 1_000_000,
        "type": pick(KINDS_OF_EVENT, kind), "name": pick(TRACKED, landing, kind != TRACK),
        "node_id": pa.array(drawn.node, mask=lacks_node), "device": drawn.device,
        "user": pa.array(drawn.user, mask=drawn.user == 0), "session": drawn.session, "page": drawn.page,
        "sequence": drawn.sequence,
        "text": pick([f"Text {number}" for number in range(5_000)], np.abs(drawn.node), no_text),
        "label": pick([f"Label {number}" for number in range(2_000)], np.abs(drawn.node), no_text),
        "href": pick([f"https://shop.example/p/{number}" for number in range(10_000)], np.abs(drawn.node),
                     lacks_node | (drawn.node % 7 != 0)),
        "host": pick(["shop.example", "www.shop.example"], visitor),
        "path": pick(_paths(templates), path),
        "query": pick(CAMPAIGNS, landing, ~drawn.is_landing | (landing % 5 != 0)),
        "referrer": pick(REFERRERS, landing // 7, ~drawn.is_landing | (landing % 3 == 0)),
        "title": pick([f"Shop: page {number}" for number in range(templates)], template),
        "viewport_width": width, "viewport_height": width * 10 // 16,
        "x": pa.array(random.integers(0, 390, count), mask=lacks_node),
        "y": pa.array(random.integers(0, 700, count), mask=lacks_node),
        "duration_ms": pa.array(random.integers(500, 300_000, count), mask=kind != LEAVE),
        "scroll_percent": pa.array(random.integers(0, 101, count), mask=kind != LEAVE),
        "props": pick(PRICES, np.abs(drawn.page) // 3, kind != TRACK),
        "language": pick(LANGUAGES, visitor // 11), "user_agent": pick(AGENTS, visitor // 13),
    }  # fmt: skip
    return fill(EVENTS, made | _effects(kind == CLICK, random), count)


def _effects(is_click: npt.NDArray[np.bool_], random: np.random.Generator) -> dict[str, pa.Array]:
    """What came of the clicks, by EFFECTS; a click that left the page was watched no longer than that."""
    count, made = len(is_click), {}
    watched = np.full(count, WATCHED_MS)
    for name, (share, median) in EFFECTS.items():
        after = np.minimum(median * np.exp(random.normal(0, 1, count)), WATCHED_MS).astype(np.int64)
        lacks = ~is_click | (random.random(count) >= share) | (after > watched)
        if name == "navigation_ms":
            watched = np.where(lacks, watched, after)
        made[name] = pa.array(after, mask=lacks)
    return made | {"watched_ms": pa.array(watched, mask=~is_click)}


def _paths(templates: int) -> list[str]:
    return [f"/k{template % KINDS}/t{template}/{number}"
            for template in range(templates) for number in range(PATHS_PER_TEMPLATE)]  # fmt: skip
