"""Candidate rules for an element, and the elements that have no name yet: the heart of the definer.

How they are made and ranked: docs/explanation/candidates.md.
"""

from __future__ import annotations

from backsight.candidates.report import for_page, run, sql

__all__ = ["for_page", "run", "sql"]
