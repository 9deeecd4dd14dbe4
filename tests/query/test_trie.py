"""The trie: rows in any order give the same answers, held against a naive walk over the same rows."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backsight.contract import ELEMENTS, FLAG_DETACHED, FLAG_QUIRKS, FLAG_SHADOW, NODES
from backsight.selectors import Match, parse_selector
from backsight.trie import Trie

ROOT = {
    "depth": 0,
    "child_index": 1,
    "child_last": 1,
    "type_index": 1,
    "type_last": 1,
    "flags": 0,
    "parent_id": None,
}


def element(key: int, tag: str, namespace: str = "html", **attributes: str | None) -> dict[str, Any]:
    named = sorted((name.replace("_", "-"), value) for name, value in attributes.items())
    return {
        "site": "s",
        "element_id": key,
        "tag": tag,
        "namespace": namespace,
        "attributes": named,
        "first_seen": 0,
    }


def node(key: int, element_id: int, parent: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    above = {} if parent is None else {"parent_id": parent["node_id"], "depth": parent["depth"] + 1}
    return {"site": "s", "node_id": key, "element_id": element_id, "first_seen": 0, **ROOT, **above, **fields}


def table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(rows, schema)


def build(nodes: list[dict[str, Any]], elements: list[dict[str, Any]]) -> Trie:
    return Trie.build(table(nodes, NODES), table(elements, ELEMENTS))


def answer(trie: Trie, css: str, match: Match = "target") -> set[int]:
    return set(trie.node_ids(parse_selector(css), match).to_pylist())


# ── Any order of rows ───────────────────────────────────────────────────────────────────────────────────────

TAGS = [element(1, "a"), element(2, "b", id="x"), element(3, "a", **{"class": "c"}), element(4, "svg", "svg")]


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to 25 nodes, some of them roots or children of shadow roots."""
    nodes: list[dict[str, Any]] = []
    for index in range(draw(st.integers(1, 25))):
        parent = draw(st.one_of(st.none(), st.sampled_from(nodes))) if nodes else None
        flags = draw(st.sampled_from([0, 0, 0, FLAG_SHADOW])) if parent else 0
        key = draw(st.sampled_from([index, -index, 2**62 + index]))
        place = draw(st.integers(1, 3))
        nodes.append(node(key, draw(st.integers(1, len(TAGS))), parent, flags=flags, child_index=place))
    return nodes


def naive(nodes: list[dict[str, Any]], chain: list[tuple[str, str]], key: int | None) -> bool:
    """Whether a node matches compounds from the subject outwards, each with the combinator to its left."""
    by_id = {row["node_id"]: row for row in nodes}
    tests = {
        "a": lambda row: row["element_id"] in (1, 3),
        "#x": lambda row: row["element_id"] == 2,
        ".c": lambda row: row["element_id"] == 3,
        "*": lambda row: True,
        ":not(a)": lambda row: row["element_id"] in (2, 4),
        ":nth-child(2)": lambda row: row["child_index"] == 2,
    }

    def held(row: dict[str, Any] | None, left: list[tuple[str, str]]) -> bool:
        (compound, combinator), *rest = left
        if row is None or not tests[compound](row):
            return False
        above = above_in_tree(row)
        if not rest:
            return True
        if combinator == ">":
            return held(above, rest)
        while above is not None:
            if held(above, rest):
                return True
            above = above_in_tree(above)
        return False

    def above_in_tree(row: dict[str, Any]) -> dict[str, Any] | None:
        return None if row["flags"] & FLAG_SHADOW else by_id.get(row["parent_id"])

    return held(by_id.get(key), chain)


chains = st.lists(
    st.tuples(
        st.sampled_from(["a", "#x", ".c", "*", ":not(a)", ":nth-child(2)"]), st.sampled_from([" ", ">"])
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(trees(), chains, st.randoms(use_true_random=False))
def test_rows_may_come_in_any_order_and_repeatedly(
    nodes: list[dict[str, Any]], chain: list[tuple[str, str]], shuffle: random.Random
) -> None:
    """However rows are shuffled, split and repeated, the answer is that of a naive walk."""
    rows = [*nodes, *shuffle.sample(nodes, len(nodes) // 2)]
    shuffle.shuffle(rows)
    trie, cut = Trie(), shuffle.randint(0, len(rows))
    parts = [(rows[:cut], TAGS[2:]), (rows[cut:], TAGS[:3]), ([], TAGS)]
    for some_nodes, some_elements in parts:
        trie.extend(table(some_nodes, NODES), table(some_elements, ELEMENTS))
        trie.node_ids(parse_selector("a"))  # fills the cache, which the next rows must empty
    css = "".join(
        f"{combinator if place else ''}{compound}" for place, (compound, combinator) in reversed_chain(chain)
    )
    keys = [row["node_id"] for row in nodes]
    expected = {key for key in keys if naive(nodes, chain, key)}
    assert answer(trie, css) == expected
    closest = {key for key in keys if any(above in expected for above in lineage(nodes, key))}
    assert answer(trie, css, "closest") == closest
    assert (len(trie), trie.waiting) == (len(nodes), 0)


def reversed_chain(chain: list[tuple[str, str]]) -> list[tuple[int, tuple[str, str]]]:
    """Compounds as they are written, from the outermost; each with the combinator that stands before it."""
    outermost = list(reversed(chain))
    return [(place, (compound, combinator)) for place, (compound, combinator) in enumerate(outermost)]


def lineage(nodes: list[dict[str, Any]], key: int | None) -> list[int]:
    by_id = {row["node_id"]: row for row in nodes}
    found = []
    while key is not None:
        found.append(key)
        key = by_id[key]["parent_id"]
    return found


def test_a_node_waits_for_its_parent_and_its_element() -> None:
    """Until the whole chain is there a node matches nothing; then it does, however late."""
    root, elements = node(1, 1), [element(1, "a"), element(2, "b")]
    middle = node(2, 2, root)
    leaf = node(3, 1, middle)
    trie = build([leaf, root], elements[:1])
    assert (answer(trie, "*"), trie.waiting) == ({1}, 1)
    trie.extend(table([middle], NODES))
    assert (answer(trie, "*"), trie.waiting) == ({1}, 2)
    trie.extend(elements=table(elements, ELEMENTS))
    assert (answer(trie, "a > b > a"), trie.waiting) == ({3}, 0)


def test_rows_that_contradict_themselves_match_nothing() -> None:
    """A node that is its own ancestor, or whose depth is not its parent's and one more, waits for ever."""
    loop = node(1, 1, parent_id=2, depth=1) | {"parent_id": 2, "depth": 1}
    back = loop | {"node_id": 2, "parent_id": 1, "depth": 2}
    deep = node(4, 1, node(3, 1)) | {"depth": 7}
    trie = build([loop, back, deep, node(3, 1), node(5, 1) | {"depth": -4}], [element(1, "a")])
    assert (answer(trie, "*"), trie.waiting) == ({3}, 4)


def test_an_empty_trie_answers() -> None:
    """Before anything is captured, every selector matches nothing."""
    assert answer(Trie(), ":not(a) > *, :root, #x, [href*=a], :nth-child(2)", "closest") == set()


# ── What a browser can't be made to show, or this version of it doesn't know ────────────────────────────────


def test_the_flag_s_compares_with_case() -> None:
    """Chromium does not read `s`; the standard: it undoes HTML's list of attributes that ignore case."""
    elements = [
        element(1, "input", type="TEXT"),
        element(2, "input", type="text"),
        element(3, "rect", "svg", type="text"),
    ]
    trie = build([node(key, key) for key in (1, 2, 3)], elements)
    assert answer(trie, "[type=text]") == {1, 2, 3}
    assert answer(trie, "[type=TEXT]") == {1, 2}
    assert answer(trie, "[type=text s]") == {2, 3}
    assert answer(trie, "[type=TEXT s]") == {1}


def test_withheld_values() -> None:
    """A withheld value is there, passes no test of values, and is told about where one was asked."""
    trie = build([node(1, 1), node(2, 2)], [element(1, "a", href=None, id="x"), element(2, "a", href="/")])
    assert answer(trie, "[href]") == {1, 2}
    assert answer(trie, '[href^="/"]') == {2}
    assert answer(trie, '[href=""]') == set()
    told = {
        css: trie.withheld(parse_selector(css))
        for css in ("[href]", "#x", ":not([href=a]) b", ":host([href=a]) b, i")
    }
    assert told == {"[href]": [], "#x": [], ":not([href=a]) b": ["href"], ":host([href=a]) b, i": ["href"]}


def test_quirks_and_detached_roots_are_nodes_not_elements() -> None:
    """The same element may stand in both kinds of document: the node's flags decide."""
    trie = build(
        [node(1, 1), node(2, 1, flags=FLAG_QUIRKS), node(3, 1, flags=FLAG_DETACHED)],
        [element(1, "a", **{"class": "Btn"})],
    )
    assert answer(trie, ".btn") == {2}
    assert answer(trie, ".Btn") == {1, 2, 3}
    assert answer(trie, ":root") == {1, 2}


@pytest.mark.parametrize("spaces", [" ", "\t", "\n", "\f", "\r", " \r\n "])
def test_words_are_separated_by_ascii_white_space(spaces: str) -> None:
    """And by nothing else: a no-break space or a vertical tab is part of a class."""
    elements = [
        element(1, "a", **{"class": f"{spaces}x{spaces}y{spaces}"}),
        element(2, "a", **{"class": "x\xa0y\vz"}),
    ]
    trie = build([node(1, 1), node(2, 2)], elements)
    assert answer(trie, ".x.y") == {1}
    assert answer(trie, "[class~=y]") == {1}
    assert answer(trie, '[class~="x\xa0y\vz"]') == {2}


# ── Reading while growing ───────────────────────────────────────────────────────────────────────────────────


def test_readers_see_whole_states_while_another_thread_extends() -> None:
    """Every answer is one that the trie gave between two extensions."""
    elements = table([element(1, "a")], ELEMENTS)
    trie, whole = Trie.build(table([], NODES), elements), set(range(0, 1_001, 10))

    def grow() -> None:
        for start in range(0, 1_000, 10):
            trie.extend(table([node(key, 1) for key in range(start, start + 10)], NODES))

    def read(_: int) -> set[int]:
        return {len(trie.node_ids(parse_selector("a"))) for _ in range(200)}

    with ThreadPoolExecutor(3) as pool:
        growing = pool.submit(grow)
        seen = set().union(*pool.map(read, range(2)))
        growing.result()
    assert seen <= whole
    assert len(answer(trie, "a")) == 1_000


def test_answers_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same question of the same rows is answered from memory; old answers make room for new ones."""
    trie = build([node(1, 1)], [element(1, "a")])
    first = trie.node_ids(parse_selector("a"))
    assert trie.node_ids(parse_selector("a")) is first
    monkeypatch.setattr("backsight.trie.CACHE_BYTES", 5_000)
    for name in "bcdefgh":
        trie.node_ids(parse_selector(name))
    assert trie.node_ids(parse_selector("a")) is not first


# ── Places that nobody knows ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("css", "known", "unknown"),
    [
        ("b:last-child", {2}, set()),
        ("b:not(:last-child)", {3}, set()),
        ("b:nth-last-child(n)", {2, 3}, set()),
        ("b:nth-last-child(-n+9)", {2, 3}, set()),
        ("b:not(:nth-last-of-type(2))", {2}, set()),
        ("b:not(:not(:last-child))", {2}, set()),
        ("b:is(:last-child, #x)", {2, 3}, {2, 3}),
        ("b:not(:last-child:first-child)", {2, 3}, {2}),
        (":not(a:nth-last-child(2)) > b", {2, 3}, {2, 3}),
        ("b:nth-child(2)", {2}, {2}),
        ("b:not(:nth-child(2))", {3}, {3}),
        (":not(b:last-child)", {1, 3}, {1}),
    ],
)
def test_a_place_that_nobody_knows(css: str, known: set[int], unknown: set[int]) -> None:
    """Where it decides, a selector does not hold of an element of which it is unknown, and neither does its
    opposite; where anything else decides, nothing changes."""
    for places, expected in ((((2, 1), (1, 2)), known), (((2, 0), (1, 0)), unknown)):
        root = node(1, 1)
        (second, last), (first, before) = places
        nodes = [root]
        for key, child, end in ((2, second, last), (3, first, before)):
            nodes.append(
                node(key, 2, root, child_index=child, child_last=end, type_index=child, type_last=end)
            )
        assert answer(build(nodes, [element(1, "a"), element(2, "b", id="x")]), css) == expected
