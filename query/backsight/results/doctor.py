"""The result of an examination: what is wrong, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, counted

if TYPE_CHECKING:
    import pyarrow

ORDER: Final = ("act", "know", "fine")
SIGNS: Final = {"act": "DO", "know": "note", "fine": "fine"}


class Doctor(Result):
    """What is wrong with a site, and what to do about it.

    Data frame: one row a finding, with `check`, `state` (act, know or fine), `words` and `do`.
    """

    report: ClassVar[str] = "doctor"

    @property
    def fine(self) -> bool:
        """Whether there is nothing to do."""
        fine: bool = self.answer["fine"]
        return fine

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Each finding: check, state, words, do (sentences) and facts (the figures)."""
        findings: list[dict[str, Any]] = self.answer["findings"]
        return findings

    def repair(self, name: str) -> dict[str, Any] | None:
        """The repair that is proposed for a name (`rule`, `rules`, `words`, …); None where there is none."""
        repairs = (each["facts"].get("repair") for each in self.findings if each["facts"].get("name") == name)
        return next((repair for repair in repairs if repair is not None), None)

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        return pa.schema([(name, pa.string()) for name in ("check", "state", "words", "do")])

    def _rows(self) -> list[dict[str, Any]]:
        return [{**each, "do": " ".join(each["do"])} for each in self.findings]

    def spec(self) -> dict[str, Any]:
        """The share of events that got lost, a bar a day."""
        return charts.doctor(self.answer)

    def _table(self) -> Table:
        rows = [[SIGNS[each["state"]], each["check"], said(each)] for each in in_order(self.findings)]
        return Table(
            ["", "check", "finding"], rows, frozenset({0, 1, 2}), self.title, self._notes(), frozenset({2})
        )

    @property
    def title(self) -> str:
        """`2 things to do`."""
        todo = sum(each["state"] == "act" for each in self.findings)
        return f"{counted(todo, 'thing')} to do" if todo else "Nothing to do"


def in_order(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is to be done first."""
    return sorted(findings, key=lambda each: ORDER.index(each["state"]))


def said(finding: dict[str, Any]) -> str:
    """What was found, and what to do."""
    return " ".join([finding["words"], *finding["do"]])
