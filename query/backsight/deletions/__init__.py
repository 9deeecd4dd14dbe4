"""Deletions of persons: what one would take away, how far each is, and what follows from one that is done.

The committer deletes (collector/…/deletion), and writes down in the lake what it did. Beside the lake, static
cohorts list persons, and the audit trail is to tell: `Deletions.settle` sees to both, once for each deletion.
Neither holds what anybody is called: hashes alone.
"""

from __future__ import annotations

from backsight.deletions.asked import MAX_PERSONS, read_persons, requested_line
from backsight.deletions.deletion import Deletion
from backsight.deletions.deletions import Deletions
from backsight.deletions.requests import DeletionRequests

__all__ = ["MAX_PERSONS", "Deletion", "DeletionRequests", "Deletions", "read_persons", "requested_line"]
