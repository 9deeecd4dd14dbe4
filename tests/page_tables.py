"""HTML read into the tables of a page, as the wire has them: for tests that need no browser.

No more of HTML than the tests write: every element but the void ones is closed, and a
`<template shadowrootmode>` is its parent's shadow tree.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from backsight.contract import FLAG_DETACHED, FLAG_SHADOW, is_captured_attribute

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.parents: list[int] = []
        self.flags: list[int] = []
        self.texts: list[list[str]] = []
        self.open: list[tuple[int, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        above, _ = self.open[-1] if self.open else (-1, False)
        if tag == "template" and "shadowrootmode" in given:
            self.open.append((above, True))
            return
        in_shadow = bool(self.open) and self.open[-1][1]
        self.tags.append((tag, {name: each for name, each in given.items() if is_captured_attribute(name)}))
        self.parents.append(above)
        self.flags.append(FLAG_SHADOW if in_shadow else 0 if above >= 0 or tag == "html" else FLAG_DETACHED)
        self.texts.append([])
        if tag not in VOID:
            self.open.append((len(self.tags) - 1, False))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            for node in {node for node, _ in self.open}:
                self.texts[node].append(data.strip())


def tables_of(html: str) -> dict[str, Any]:
    """`elements`, `nodes` and `texts` (of all that have some) of a document."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open, "an element is not closed"
    groups: dict[tuple[int, int], list[int]] = {}
    for node, parent in enumerate(reader.parents):
        groups.setdefault((parent, reader.flags[node] & FLAG_SHADOW), []).append(node)
    nodes: list[list[int]] = []
    for node, parent in enumerate(reader.parents):
        siblings = groups[parent, reader.flags[node] & FLAG_SHADOW]
        alike = [each for each in siblings if reader.tags[each][0] == reader.tags[node][0]]
        places = [place for group in (siblings, alike) for place in _place(group, node)]
        nodes.append([parent, node, *places, reader.flags[node]])
    texts = [[node, " ".join(text)[:255]] for node, text in enumerate(reader.texts) if text]
    return {
        "elements": [{"tag": tag, "attrs": attrs} for tag, attrs in reader.tags],
        "nodes": nodes,
        "texts": texts,
    }


def _place(group: list[int], node: int) -> tuple[int, int]:
    return group.index(node) + 1, len(group) - group.index(node)


def node_of(tables: dict[str, Any], **attributes: str) -> int:
    """The first element that is a `tag` with these attributes; `class_` is `class`, `data_x` is `data-x`."""
    wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    tag = wanted.pop("tag", None)
    for node, row in enumerate(tables["nodes"]):
        element = tables["elements"][row[1]]
        if tag in (None, element["tag"]) and wanted.items() <= element["attrs"].items():
            return node
    raise AssertionError(f"no element has {attributes}")
