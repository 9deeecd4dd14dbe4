"""The result of a cohort's preview: who meets its conditions now."""

from __future__ import annotations

from typing import ClassVar

from backsight.results.person_list import PersonList


class CohortPreview(PersonList):
    """How many persons are in a cohort now, and some of them.

    Data frame: one row a person of the page, with `person`, `user_id`, and as JSON `device_ids` and `traits`.
    """

    report: ClassVar[str] = "cohort_preview"
