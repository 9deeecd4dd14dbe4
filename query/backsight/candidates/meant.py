"""What is meant by an event on a node: the nearest thing around it that people use."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from backsight.candidates.places import nearest_of
from backsight.selectors import parse_selector
from backsight.selectors.elements import Elements
from backsight.selectors.ids import Mask, Positions
from backsight.selectors.matching import Matcher
from backsight.selectors.nodes import Nodes
from backsight.trie import Trie

INTERACTIVE: Final = (
    "a[href],area[href],button,input,select,textarea,label,summary,option,"
    "[contenteditable]:not([contenteditable=false]),[role=button],[role=link],[role=menuitem],[role=tab],"
    '[role=checkbox],[role=radio],[role=switch],[role=option],[tabindex]:not([tabindex^="-"])'
)
"""What a click is meant for; as the snippet has it (snippet/src/texts.ts), whose `text` belongs to it."""


def meant_by(trie: Trie, held: Mask | None = None) -> Positions:
    """Of each node, what is meant by an event on it, by position: a thing that people use, or what is `held`.

    A node that stands in none is meant itself.
    """
    nodes, _ = trie.parts
    interactive = np.zeros(nodes.size, np.bool_)
    interactive[trie.remembered("interactive", _interactive).to_numpy()] = True
    own = nearest_of(nodes, interactive if held is None else interactive | held)
    return np.where(own < 0, np.arange(nodes.size, dtype=np.int32), own)


def _interactive(nodes: Nodes, elements: Elements) -> pa.Int64Array:
    held = Matcher(nodes, elements).matches(parse_selector(INTERACTIVE))
    return pa.array(np.flatnonzero(held).astype(np.int64))
