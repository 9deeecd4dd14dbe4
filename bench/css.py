"""A selector never used before, over a million nodes of 200,000 elements: how long the answer takes."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pyarrow as pa

from backsight.contract import ELEMENTS, NODES
from backsight.selectors import parse_selector
from backsight.trie import Trie
from bench.figures import Figure, note

NODE_COUNT = 1_000_000
ELEMENT_COUNT = 200_000
LIMIT_SECONDS = 0.3
TAGS = np.array(["div", "span", "a", "button", "li", "section", "svg", "path", "p", "td"])
SELECTORS = (
    ".c1 .c2 .c3",
    "div > .c7 a",
    "[href^='/p/1'] li:nth-child(2n+1) .c9",
    ":not(.c1 .c2) > a:is(.c4, .c5, .c6 span)",
    "section .u-77 button",
    "[data-id~='77'] a, [data-id$='99'] [type=button i]",
)


def elements(random: np.random.Generator) -> pa.Table:
    """Elements with a tag, three classes (one of them rare), an id of their own, a type and a link."""
    common, seldom = random.integers(0, 500, ELEMENT_COUNT), random.integers(0, 3_000, ELEMENT_COUNT)
    attributes = [
        [
            ("class", f"c{a} c{b} u-{i % 50_000}"),
            ("data-id", str(i)),
            ("href", f"/p/{i}/x"),
            ("type", "Button"),
        ]
        for i, (a, b) in enumerate(zip(common, seldom, strict=True))
    ]
    tags = TAGS[random.integers(0, len(TAGS), ELEMENT_COUNT)]
    columns = {
        "element_id": random.permutation(ELEMENT_COUNT),
        "tag": tags,
        "namespace": np.where(np.isin(tags, ["svg", "path"]), "svg", "html"),
        "attributes": pa.array(attributes, pa.map_(pa.string(), pa.string())),
    }
    return filled(columns, ELEMENTS, ELEMENT_COUNT)


def nodes(random: np.random.Generator) -> pa.Table:
    """A tree of random depth, its rows shuffled."""
    order = np.arange(1, NODE_COUNT)
    parent = np.minimum((order * random.random(NODE_COUNT - 1) ** 0.35).astype(np.int64), order - 1)
    depth = np.zeros(NODE_COUNT, np.int32)
    for child, above in enumerate(parent.tolist(), 1):
        depth[child] = depth[above] + 1
    ids = random.integers(-(2**62), 2**62, NODE_COUNT)
    above_ids = pa.array(np.concatenate([[0], ids[parent]]), mask=np.arange(NODE_COUNT) == 0)
    places = {name: random.integers(1, 9, NODE_COUNT) for name in NODES.names[5:9]}
    columns = {
        "node_id": ids,
        "parent_id": above_ids,
        "element_id": random.integers(0, ELEMENT_COUNT, NODE_COUNT),
        "depth": depth,
        "flags": np.zeros(NODE_COUNT, np.int32),
    }
    return filled(columns | places, NODES, NODE_COUNT).take(random.permutation(NODE_COUNT))


def filled(columns: dict[str, object], schema: pa.Schema, size: int) -> pa.Table:
    """A table of the contract's schema; columns that matching does not read hold one value."""
    whole = {
        field.name: columns.get(field.name, pa.repeat(pa.scalar("s" if field.name == "site" else 0), size))
        for field in schema
    }
    return pa.table(whole).cast(schema)


def main() -> int:
    """Print the times; fail where a selector takes longer than LIMIT_SECONDS."""
    random = np.random.default_rng(1)
    rows, described = nodes(random), elements(random)
    started = time.perf_counter()
    trie = Trie.build(rows, described)
    print(
        f"build: {len(trie):,} nodes over {ELEMENT_COUNT:,} elements in {time.perf_counter() - started:.2f} s"
    )
    times = []
    for css in SELECTORS:
        started = time.perf_counter()
        found = len(trie.node_ids(parse_selector(css)))
        times.append(time.perf_counter() - started)
        print(f"  {times[-1] * 1_000:6.0f} ms  {found:9,} nodes  {css}")
    print(f"median {statistics.median(times) * 1_000:.0f} ms, slowest {max(times) * 1_000:.0f} ms")
    note(Figure("new selector, a million nodes", "seconds, slowest", max(times), LIMIT_SECONDS))
    return int(max(times) > LIMIT_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
