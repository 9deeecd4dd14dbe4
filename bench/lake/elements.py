"""The made-up site's pages as a trie: kinds of pages, templates of a kind, and what stands on each.

    html > body.kind-K > main.template-T > … four more levels of blocks, cards and controls

Every page shares `html`, pages of a kind share `body`, and templates share descriptions (elements) that stand
in different places (nodes). Planted steps are buttons on twenty templates, each with an icon inside that
takes half of the clicks: only `closest` finds them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.contract import ELEMENTS, NODES
from bench.lake.columns import FIRST_DAY, SITE, Integers, fill, micros_of, repeat

KINDS: Final = 40
PER_TEMPLATE: Final = 500
FAN: Final = 4
BUTTONS: Final = 20
"""Of one planted step: one a template."""
SHARED_BY: Final = 5
"""Nodes to a distinct element."""

JOURNEY: Final = 12
"""Steps `.step-1` to `.step-12`; four each are `.common-1` to `.common-3`."""
RANDOM_STEPS: Final = {"some-1": 0.006, "some-2": 0.003, "some-3": 0.001,
                       "rare-1": 0.0006, "rare-2": 0.0003, "rare-3": 0.0001}  # fmt: skip
"""Steps that any device may do at any time, with their shares of all events."""
PLANTED: Final = ("planted-1", "planted-2", "planted-3", "weekly-1", "weekly-2")
"""Steps of the planted devices alone (see plant.py)."""
STEPS: Final = (
    *(f"step-{n} common-{(n - 1) // 4 + 1}" for n in range(1, JOURNEY + 1)), *RANDOM_STEPS, *PLANTED
)  # fmt: skip

TAGS: Final = np.array(["div", "li", "a", "button", "span", "section", "input", "img", "p", "label"])
PLACES: Final = ("child_index", "child_last", "type_index", "type_last")


@dataclass(frozen=True)
class Pages:
    """Node ids, by where they stand."""

    ids: Integers
    """Of every node; those of template t from `first + t * PER_TEMPLATE` on."""
    first: int
    templates: int
    buttons: Integers
    """Ids by step, button, and whether it is the icon inside."""

    def nodes(self, template: Integers, rank: Integers) -> Integers:
        """The node that is the rank-th most used of a template."""
        place = (rank * 387 + template * 101) % PER_TEMPLATE
        return np.asarray(self.ids[self.first + template * PER_TEMPLATE + place])

    def step_nodes(self, step: Integers, draw: Integers) -> Integers:
        """A button of each step, or the icon inside, by a random number."""
        return np.asarray(self.buttons[step, draw % BUTTONS, draw // BUTTONS % 2])


@dataclass(frozen=True)
class _Trie:
    """Columns of `nodes`, with elements and parents by their places."""

    parent: Integers
    element: Integers
    tag: Integers
    depth: Integers
    positions: dict[str, Integers]


def make_pages(nodes: int, random: np.random.Generator) -> tuple[Pages, pa.Table, pa.Table]:
    """About `nodes` nodes: where they stand, and the rows of `nodes` and `elements`."""
    templates = max(nodes // PER_TEMPLATE, KINDS)
    first = 1 + KINDS
    trie, elements = _draw(templates, first, random)
    ids = random.integers(-(2**62), 2**62, len(trie.parent))
    planted = ids[first + templates * PER_TEMPLATE :].reshape(len(STEPS), BUTTONS, 2)
    return Pages(ids, first, templates, planted), _node_rows(trie, ids), elements


def _draw(templates: int, first: int, random: np.random.Generator) -> tuple[_Trie, pa.Table]:
    count, planted = templates * PER_TEMPLATE, len(STEPS) * BUTTONS
    place = np.arange(count) % PER_TEMPLATE
    root = np.repeat(first + np.arange(templates) * PER_TEMPLATE, PER_TEMPLATE)
    body = 1 + np.repeat(np.arange(templates) % KINDS, PER_TEMPLATE)
    above = np.where(place == 0, body, root + (place - 1) // FAN)
    mains = first + (np.arange(planted) % BUTTONS) * PER_TEMPLATE
    buttons = first + count + 2 * np.arange(planted)
    parent = np.concatenate([[-1], np.zeros(KINDS, np.int64), above, np.stack([mains, buttons], 1).ravel()])
    pool = max(count // SHARED_BY, 1)
    shared = np.minimum((pool * random.random(count) ** 2).astype(np.int64), pool - 1)
    element = np.where(place == 0, pool + np.arange(count) // PER_TEMPLATE, shared)
    special = pool + templates + np.arange(1 + KINDS + len(STEPS) + 1)
    steps = np.repeat(special[1 + KINDS : -1], BUTTONS)
    icons = np.full(planted, special[-1])
    element = np.concatenate([special[: 1 + KINDS], element, np.stack([steps, icons], 1).ravel()])
    rows, tags = _element_rows(pool, templates)
    return _Trie(parent, element, tags[element], _depths(parent), _positions(parent, tags[element])), rows


def _depths(parent: Integers) -> Integers:
    """Parents stand before their children, so that a level follows from the one above."""
    depth = np.zeros(len(parent), np.int64)
    deeper, level = np.flatnonzero(parent >= 0), 0
    is_above = parent < 0
    while len(deeper):
        level += 1
        here = is_above[parent[deeper]]
        depth[deeper[here]] = level
        is_above = np.zeros(len(parent), bool)
        is_above[deeper[here]] = True
        deeper = deeper[~here]
    return depth


def _positions(parent: Integers, tag: Integers) -> dict[str, Integers]:
    """Places among siblings and among those of the same tag, from the start and from the end."""
    found: dict[str, Integers] = {}
    for first, last, group in (
        ("child_index", "child_last", parent),
        ("type_index", "type_last", parent * 1_000 + tag),
    ):
        order = np.argsort(group, kind="stable")
        edges = np.flatnonzero(np.append(True, group[order][1:] != group[order][:-1]))
        sizes = np.diff(np.append(edges, len(group)))
        index = np.empty(len(group), np.int64)
        index[order] = np.arange(len(group)) - np.repeat(edges, sizes) + 1
        size = np.empty(len(group), np.int64)
        size[order] = np.repeat(sizes, sizes)
        found |= {first: index, last: size - index + 1}
    return found


def _element_rows(pool: int, templates: int) -> tuple[pa.Table, Integers]:
    """Rows of `elements` (a pool, templates' mains, html, bodies, steps, icon), and their tags by number."""
    tags = [str(TAGS[index % 7 if index % 3 else index % len(TAGS)]) for index in range(pool)]
    described = [_attributes(index, tag) for index, tag in enumerate(tags)]
    tags += ["main"] * templates + ["html"] + ["body"] * KINDS + ["button"] * len(STEPS) + ["i"]
    described += [[("class", f"template-{index} page")] for index in range(templates)]
    described += [[("lang", "en")], *([("class", f"kind-{index}")] for index in range(KINDS))]
    described += [[("class", f"btn {names}"), ("type", "button")] for names in STEPS]
    described.append([("class", "icon")])
    numbers = {tag: number for number, tag in enumerate(dict.fromkeys(tags))}
    made = {
        "site": repeat(SITE, len(tags)), "element_id": np.arange(len(tags)) * 7_919 + 17,
        "tag": pa.array(tags), "namespace": repeat("html", len(tags)),
        "attributes": pa.array(described, pa.map_(pa.string(), pa.string())),
        "first_seen": np.full(len(tags), micros_of(FIRST_DAY)),
    }  # fmt: skip
    return fill(ELEMENTS, made, len(tags)), np.array([numbers[tag] for tag in tags])


def _attributes(index: int, tag: str) -> list[tuple[str, str]]:
    """Classes in the manner of a style framework, some rare; links and controls have more."""
    classes = f"c{index % 500} md:flex w-1/2 text-gray-{index % 9}00 block-{index % 3_001}"
    more = {
        "a": [("href", f"/p/{index % 9_973}")],
        "button": [("data-testid", f"act-{index % 2_003}"), ("type", "button")],
        "input": [("name", f"field{index % 211}"), ("type", "text")],
        "img": [("alt", f"Picture {index % 1_009}")],
    }
    return sorted([("class", classes), *more.get(tag, [("data-block", str(index))])])


def _node_rows(trie: _Trie, ids: Integers) -> pa.Table:
    count = len(ids)
    made = {
        "site": repeat(SITE, count), "node_id": ids, "depth": trie.depth, "flags": np.zeros(count, np.int64),
        "parent_id": pa.array(ids[np.maximum(trie.parent, 0)], mask=trie.parent < 0),
        "element_id": trie.element * 7_919 + 17, "first_seen": np.full(count, micros_of(FIRST_DAY)),
    }  # fmt: skip
    return fill(NODES, made | trie.positions, count)
