"""The demo's names and reports once more, by hand and slowly: an oracle without a line of Backsight's."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Element = tuple[str, dict[str, str], bool]
"""Tag, attributes, and whether it is a child of a shadow root."""


class Deed(NamedTuple):
    """Somebody did something that has a name."""

    time: float
    page: str
    sequence: int
    person: str
    name: str


def _chain(body: dict[str, Any], node: int) -> list[Element]:
    """The target and its ancestors, innermost first."""
    chain = []
    while node >= 0:
        parent, element, *_positions, flags = body["nodes"][node]
        described = body["elements"][element]
        chain.append((described["tag"], described.get("attrs", {}), bool(flags & 1)))
        node = parent
    return chain


def _classes(element: Element) -> list[str]:
    return (element[1].get("class") or "").split()


def name_of(event: dict[str, Any], body: dict[str, Any]) -> str | None:
    """Which of the demo's names an event bears."""
    if event["type"] == "track":
        return "Order placed" if event["name"] == "Order placed" else None
    chain = _chain(body, event["node"]) if event["type"] in {"click", "submit"} else []
    for depth, element in enumerate(chain):
        if name := _name_at(event["type"], element, chain[depth + 1 :]):
            return name
    return None


def _name_at(kind: str, element: Element, above: list[Element]) -> str | None:
    tag, attributes, _ = element
    classes, outer = _classes(element), [_classes(one) for one in above]
    inside = {(one[0], name) for one in above for name in (*_classes(one), "")}
    if kind == "submit":
        return "Signed up" if tag == "form" and attributes.get("action") == "/account" else None
    if tag == "a" and attributes.get("href", "").startswith("/products/"):
        return "Viewed product" if any(map(_is_row, outer, outer[1:])) else None
    row = tag == "button" and "add" in classes and ("ul", "shelf") in inside
    if row or ({"md:w-1/2", "hover:bg-ink"} <= set(classes) and ("form", "buy") in inside):
        return "Added to basket"
    shadow = tag == "button" and "checkout" in classes and ("basket-button", "") in inside
    if shadow or (tag == "a" and "button" in classes and any("basket-sum" in names for names in outer)):
        return "Started checkout"
    return None


def _is_row(inner: list[str], outer: list[str]) -> bool:
    return "row" in inner and "shelf" in outer


def deeds(bodies: Iterable[bytes]) -> list[Deed]:
    """Every named deed of these batches, each event once, in order; a device's person is its device."""
    found: dict[tuple[str, int], Deed] = {}
    for body in map(json.loads, bodies):
        for event in body["events"]:
            if name := name_of(event, body):
                page = body["pages"][event["page"]]["id"]
                found[page, event["seq"]] = Deed(event["time"], page, event["seq"], body["device"], name)
    return sorted(found.values())


def funnel(done: Sequence[Deed], steps: Sequence[str], window: timedelta) -> list[int]:
    """Persons who got as far as each step, from any first step, within the window of it."""
    reached = [0] * len(steps)
    for deeds_of_one in _by_person(done).values():
        for step in range(max(_furthest(deeds_of_one[n:], steps, window) for n in range(len(deeds_of_one)))):
            reached[step] += 1
    return reached


def _furthest(rest: Sequence[Deed], steps: Sequence[str], window: timedelta) -> int:
    """How far one gets who begins with the first of these deeds."""
    step = 0
    for deed in rest:
        within = deed.time - rest[0].time <= window.total_seconds() * 1000
        if step < len(steps) and deed.name == steps[step] and within:
            step += 1
        elif step == 0:
            return 0
    return step


def retention(done: Sequence[Deed], name: str, begin: datetime, weeks: int) -> list[tuple[int, list[int]]]:
    """By the week of a person's first such deed: how many persons, and how many did it again in each week."""
    sizes, returned = [0] * weeks, [[0] * (weeks - row) for row in range(weeks)]
    for deeds_of_one in _by_person(one for one in done if one.name == name).values():
        moments = [datetime.fromtimestamp(deed.time / 1000, UTC) for deed in deeds_of_one]
        first, *later = [(moment - begin).days // 7 for moment in moments]
        sizes[first] += 1
        for week in set(later):
            returned[first][week - first] += 1
    return list(zip(sizes, returned, strict=True))


def _by_person(done: Iterable[Deed]) -> dict[str, list[Deed]]:
    people: dict[str, list[Deed]] = defaultdict(list)
    for deed in done:
        people[deed.person].append(deed)
    return people
