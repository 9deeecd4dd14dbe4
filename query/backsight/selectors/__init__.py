"""CSS selectors: read here, matched over the trie by matching.py.

`parse_selector` gives a Selector or refuses, naming the part and the reason. What is in scope, and where the
answer is a browser's, is written in docs/reference/selectors.md.
"""

from __future__ import annotations

from backsight.selectors.parsing import parse_selector
from backsight.selectors.syntax import Match, Selector

__all__ = ["Match", "Selector", "parse_selector"]
