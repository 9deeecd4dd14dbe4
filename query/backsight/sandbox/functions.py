"""The functions that a statement may call: what computes values, and nothing that knows the machine.

A closed list: what a newer DuckDB brings can be called once somebody has looked at it. A test tells what is
new, and what is gone.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

FUNCTIONS: Final = frozenset((files("backsight.sandbox") / "functions.txt").read_text().split())
"""Scalar functions, macros, aggregates, window functions and operators, in lower case."""
TABLE_FUNCTIONS: Final = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
"""What may stand in FROM beside views, subqueries and common table expressions."""
