"""Places: where an element stands, whatever it is called there.

A place is the tags of an element and of the nearest few around it. Tokens come and go, and positions shift
with what stands before; the tags of a page's frame seldom change but with a release.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from backsight.candidates.page import Page
from backsight.contract import id64
from backsight.selectors.elements import Elements
from backsight.selectors.ids import Mask, Positions
from backsight.selectors.nodes import Nodes
from backsight.trie import Trie

TAGS: Final = 6
"""How many tags a place has, its own among them."""
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)

Numbers = npt.NDArray[np.int64]


def places_of(trie: Trie) -> Numbers:
    """The number of the place of each of a trie's nodes, in their order."""
    numbers: Numbers = trie.remembered("places", _places).to_numpy()
    return numbers


def places_on(page: Page) -> Numbers:
    """The same of a page's nodes."""
    hashes = np.array([_hash(page.tag(node)) for node in range(page.size)], np.int64)
    return _numbered(hashes, page.parent)


def _places(nodes: Nodes, elements: Elements) -> pa.Int64Array:
    columns = [pc.utf8_lower(block.table["tag"]).combine_chunks() for block in elements.blocks]
    hashes = [np.empty(0, np.int64)]
    for column in columns:
        coded = (
            column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        ).dictionary_encode()
        of_tag = np.array([_hash(tag) for tag in coded.dictionary.to_pylist()], np.int64)
        hashes.append(of_tag[coded.indices.to_numpy()])
    return pa.array(_numbered(np.concatenate(hashes)[nodes.element], nodes.parent))


def _numbered(tags: Numbers, parent: npt.NDArray[np.integer]) -> Numbers:
    own = tags.view(np.uint64)
    number = own
    for _ in range(TAGS - 1):
        above = np.where(parent < 0, np.uint64(0), number[parent])
        number = (own ^ (above >> np.uint64(31))) * _ODD + above
    return number.view(np.int64)


@lru_cache(maxsize=4_096)
def _hash(tag: str) -> int:
    return id64("tag", tag.lower())


def nearest_of(nodes: Nodes, held: Mask) -> Positions:
    """Of each node, the nearest one at or around it that is held; -1 where there is none."""
    own = np.where(held, np.arange(nodes.size, dtype=np.int32), np.int32(-1))
    for level in nodes.levels[1:]:
        own[level] = np.where(own[level] < 0, own[nodes.parent[level]], own[level])
    return own


def chains_of(nodes: Nodes, at: Positions) -> list[Positions]:
    """Some nodes, then those around each, outwards through shadow roots; -1 past a root."""
    found = [at]
    while (found[-1] >= 0).any():
        found.append(np.where(found[-1] >= 0, nodes.parent[found[-1]], np.int32(-1)))
    return found[:-1]
