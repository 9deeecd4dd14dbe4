"""Definitions as code: an events file, what an apply of it would do to the past, and the apply.

document.py      YAML as it is written, and where
definitions.py   what it defines, checked
edits.py         the file beside the store: edits, and what drifted
effects.py       what an edit does to the past
moves.py         cohorts and saved reports that move
plan.py          all of it as one answer
applying.py      the edits, all or none
writing.py       the store as a file
planned.py       a plan as Python, a terminal and a review comment have it
"""

from backsight.definitions.definitions import read_definitions
from backsight.definitions.document import Document, read_document
from backsight.definitions.planned import Applied, Plan

__all__ = ["Applied", "Document", "Plan", "read_definitions", "read_document"]
