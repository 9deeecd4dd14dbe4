"""What an import refuses.

ImportProblem      the import can't begin or go on: a file, an option
Refused            one row can't be kept: it becomes a dead letter, and the others go on
"""

from __future__ import annotations

from backsight.contract import Reason


class ImportProblem(Exception):
    """In words for whoever asked for the import: what is wrong with which file or option, and what is
    valid."""


class Refused(Exception):
    """A row that can't be kept, and why."""

    def __init__(self, detail: str, reason: Reason = Reason.BAD_EVENT) -> None:
        super().__init__(detail)
        self.detail, self.reason = detail, reason
