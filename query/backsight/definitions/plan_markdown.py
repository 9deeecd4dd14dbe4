"""A plan as a review comment: stable and short, the details folded.

Names, texts and paths come from the web, and a comment may mention people, link issues and hold HTML: so all
of them stand in code, spans or blocks, whose fence is longer than any that they hold. Not in tables: what a
vertical bar does there, renderers do not agree on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backsight.definitions import words
from backsight.results.tables import printable

Json = Mapping[str, Any]

MARK: Final = "<!-- backsight plan -->"
"""By which a later comment finds an earlier one, to take its place."""
MOST_EDITS: Final = 50
"""Edits that are listed."""
MOST_DETAILS: Final = 20
MOST_NAMES: Final = 20
LONGEST: Final = 120
"""Characters of one thing that was captured."""
MOST_CHARACTERS: Final = 60_000
"""A comment on GitHub may have 65,536."""


def markdown(plan: Json) -> str:
    """The plan as Markdown (GitHub's, GitLab's)."""
    whole = "\n".join([*_summary(plan), *_details(plan), ""])
    if len(whole) <= MOST_CHARACTERS:
        return whole
    return "\n".join([*_summary(plan), "", "The details are too long for a comment.", ""])


def code(text: str, longest: int = LONGEST) -> str:
    """Text as a code span that it can't leave."""
    plain = printable(text, longest)
    fence = "`" * (_longest_run(plain) + 1)
    # Of a span that begins and ends with a space, one of each is not shown.
    pad = " " if plain[:1] in ("`", " ", "") or plain[-1:] in ("`", " ") else ""
    return f"{fence}{pad}{plain or ' '}{pad}{fence}"


def block(lines: list[str], language: str = "") -> list[str]:
    """Lines as a fenced block that they can't leave."""
    plain = [printable(line, 2 * LONGEST) for line in lines]
    fence = "`" * max(3, *(_longest_run(line) + 1 for line in plain))
    return [f"{fence}{language}", *plain, fence]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _summary(plan: Json) -> Iterator[str]:
    yield MARK
    yield f"**{code(plan['file'])} on {code(plan['site'])}**: {words.headline(plan)}."
    yield ""
    for edit in plan["edits"][:MOST_EDITS]:
        yield f"- {_edit(edit)}"
    if len(plan["edits"]) > MOST_EDITS:
        yield f"- and {len(plan['edits']) - MOST_EDITS:,} more"
    for title, each in (("cohort", plan["cohorts"]), ("saved report", plan["reports"])):
        for moved in each[:MOST_NAMES]:
            if title == "cohort" or moved["moves"] or moved["fails"]:
                yield f"- {title} {code(moved['name'])}: {_becomes(moved)}"
    if plan["held_back"]:
        yield ""
        names = ", ".join(code(each["name"]) for each in plan["held_back"][:MOST_NAMES])
        yield f"**Held back** (changed elsewhere; nothing is applied until that is settled): {names}"
    if plan["left"]:
        yield ""
        yield f"{len(plan['left']):,} left alone, as the file does not know them."


def _edit(edit: Json) -> str:
    old = f"{code(edit['from'])} → " if edit["from"] else ""
    said = f"{edit['action']} {words.kind_of(edit)} {old}{code(edit['name'])}"
    numbers = words.numbers(edit)
    is_plain = not (edit["kind"] == "cohort" and edit["effect"] and edit["effect"]["fails"])
    said += f": {numbers if is_plain else code(numbers)}" if numbers else ""
    dead = len(edit["effect"]["dead"]) if edit["effect"] and edit["kind"] == "event" else 0
    said += f"; **{dead} of its rules matches nothing**" if dead == 1 else ""
    said += f"; **{dead} of its rules match nothing**" if dead > 1 else ""
    if edit["drift"]:
        word = "overwrites" if edit["drift"]["overwritten"] else "held back"
        said += f"; **{word}**: {code(words.drift(edit), 2 * LONGEST)}"
    return said


def _becomes(moved: Json) -> str:
    if moved["fails"]:
        return f"**can't be asked afterwards**: {code(moved['fails'], 2 * LONGEST)}"
    return words.report_words(moved) if "report" in moved else words.cohort_words(moved)


def _details(plan: Json) -> Iterator[str]:
    for edit in plan["edits"][:MOST_DETAILS]:
        lines = list(_detail(edit))
        if lines:
            yield from _folded(f"{edit['action']} {words.kind_of(edit)}", code(edit["name"]), lines, "diff")
    figures = [
        line
        for report in plan["reports"]
        if report["figures"] and report["moves"]
        for line in _figures(report)
    ]
    if figures:
        yield from _folded("figures of saved reports", "before → after", figures[: 10 * MOST_NAMES])


def _folded(title: str, about: str, lines: list[str], language: str = "") -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", about, "")
    yield from block(lines, language)
    yield from ("", "</details>")


def _detail(edit: Json) -> Iterator[str]:
    yield from words.definition_lines(edit)
    for sign, moved, sample in words.sides(edit):
        yield f"# {sign} {moved}"
        yield from (f"#     {words.sampled(row)}" for row in sample)
    if edit["effect"] and edit["kind"] == "event":
        for each in edit["effect"]["overlaps"]:
            yield f"# {each['events']:,} are {each['name']!r}, too"
        for rule in edit["effect"]["dead"]:
            yield f"! {json.dumps(rule['rule'], ensure_ascii=False)} {words.dead(rule)}"
        yield from (f"! {warning}" for warning in edit["effect"]["warnings"])


def _figures(report: Json) -> list[str]:
    return [f"{report['name']} ({report['report']})", *(f"    {line}" for line in words.figures(report))]
