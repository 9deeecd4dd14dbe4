"""A plan, and what an apply did, as Python has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


class Plan:
    """What an apply of an events file would do. `print` shows it; a notebook shows the review comment.

    `answer` is the plan as the HTTP API gives it. `site.apply(plan)` does what it says, if it still holds.
    """

    def __init__(self, answer: Json, request: Json) -> None:
        self.answer, self.request = answer, request

    @property
    def changes(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self.answer["changes"])

    @property
    def fingerprint(self) -> str:
        """Stands for what an apply would do: another one where that would be anything else."""
        return str(self.answer["fingerprint"])

    @property
    def edits(self) -> Sequence[Json]:
        """Each with `kind`, `name`, `action`, `before`, `after`, `drift` and its `effect` on the past."""
        edits: Sequence[Json] = self.answer["edits"]
        return edits

    @property
    def held_back(self) -> Sequence[str]:
        """Names that were changed elsewhere since the last apply: none is made before that is settled."""
        return [str(each["name"]) for each in self.answer["held_back"]]

    def text(self, *, colour: bool = False) -> str:
        """The plan in lines for a terminal."""
        from backsight.definitions.plan_text import text

        return text(self.answer, colour=colour)

    def markdown(self) -> str:
        """The plan as a review comment."""
        from backsight.definitions.plan_markdown import markdown

        return markdown(self.answer)

    def __repr__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()


class Applied:
    """What an apply did; `answer` as the HTTP API gives it."""

    def __init__(self, answer: Json) -> None:
        self.answer = answer

    @property
    def applied(self) -> Sequence[Json]:
        """The edits that were made: each with `kind`, `name`, `action` and, of a rename, `from`."""
        applied: Sequence[Json] = self.answer["applied"]
        return applied

    @property
    def changes(self) -> bool:
        """Whether anything was changed."""
        return bool(self.applied)

    def __repr__(self) -> str:
        from backsight.results.tables import counted, printable

        edits = counted(len(self.applied), "edit")
        lines = [f"{self.answer['file']} is applied to {self.answer['site']}: {edits}."]
        lines += [f"  {each['action']} {each['kind']} {each['name']!r}" for each in self.applied]
        return "\n".join(printable(line, None) for line in lines)
