"""A plan for a terminal. Whatever names and texts hold, it moves no cursor and sets no colour."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backsight.definitions import words
from backsight.results.tables import printable

Json = Mapping[str, Any]

WIDEST: Final = 160
"""Characters of a line of what was captured."""
MOST_LEFT: Final = 10
_COLOURS: Final = {"+": 32, "-": 31, "~": 33, ">": 36, "!": 35}


def text(plan: Json, *, colour: bool = False) -> str:
    """The plan in lines; `colour` by ANSI codes."""
    return "\n".join(_coloured(line) if colour else line for line in _lines(plan))


def _lines(plan: Json) -> Iterator[str]:
    yield printable(f"{plan['file']} on {plan['site']}: {words.headline(plan)}.", None)
    for edit in plan["edits"]:
        yield ""
        yield from _edit(edit)
    yield from _moved("Cohorts that use what is edited:", plan["cohorts"], _cohort)
    yield from _moved("Saved reports that use what is edited:", plan["reports"], _report)
    if plan["left"]:
        yield ""
        yield _left(plan["left"])
    if plan["held_back"]:
        yield ""
        yield f"! {len(plan['held_back'])} held back: nothing is applied until the file says what the store"
        yield "  says, or the plan overwrites it (--overwrite NAME, --overwrite-drift)."
    if plan["meta"]["warnings"]:
        yield from (printable(warning, WIDEST) for warning in plan["meta"]["warnings"])


def _edit(edit: Json) -> Iterator[str]:
    old = f"{edit['from']!r} → " if edit["from"] else ""
    held = "!" if edit["drift"] and not edit["drift"]["overwritten"] else words.SIGNS[edit["action"]]
    yield printable(f"{held} {edit['action']} {words.kind_of(edit)} {old}{edit['name']!r}", None)
    if edit["drift"]:
        word = "overwrites" if edit["drift"]["overwritten"] else "held back"
        yield printable(f"    ! {word}: {words.drift(edit)}", None)
    yield from (f"    {printable(line, WIDEST)}" for line in words.definition_lines(edit))
    if numbers := words.numbers(edit):
        yield f"    {printable(numbers, WIDEST)}"
    for sign, moved, sample in words.sides(edit):
        yield f"    {sign} {moved}"
        yield from (f"        {printable(words.sampled(row), WIDEST)}" for row in sample)
    yield from _remarks(edit)


def _remarks(edit: Json) -> Iterator[str]:
    effect = edit["effect"]
    if effect is None or edit["kind"] == "cohort":
        return
    for each in effect["overlaps"]:
        yield printable(f"    {each['events']:,} are {each['name']!r}, too", WIDEST)
    for rule in effect["dead"]:
        yield printable(f"    ! {json.dumps(rule['rule'], ensure_ascii=False)} {words.dead(rule)}", WIDEST)
    for warning in effect["warnings"]:
        yield printable(f"    ! {warning}", WIDEST)


def _moved(title: str, each: list[Json], shown: Any) -> Iterator[str]:
    if each:
        yield ""
        yield title
        for moved in each:
            yield from (f"    {printable(line, WIDEST)}" for line in shown(moved))


def _cohort(moved: Json) -> Iterator[str]:
    yield f"{moved['name']!r}: {words.cohort_words(moved)}"


def _report(report: Json) -> Iterator[str]:
    yield f"{report['name']!r} ({report['report']}) {words.report_words(report)}"
    if report["moves"] and report["figures"]:
        yield from (f"    {line}" for line in words.figures(report))


def _left(left: list[Json]) -> str:
    names = ", ".join(repr(each["name"]) for each in left[:MOST_LEFT])
    more = f" and {len(left) - MOST_LEFT:,} more" if len(left) > MOST_LEFT else ""
    return printable(f"Left alone, as the file does not know them: {names}{more}.", None)


def _coloured(line: str) -> str:
    sign = line.lstrip()[:2]
    code = _COLOURS.get(sign[:1]) if sign[1:] == " " else None
    return line if code is None else f"\x1b[{code}m{line}\x1b[0m"
