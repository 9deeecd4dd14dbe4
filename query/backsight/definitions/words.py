"""What a plan says, in words: shared by the terminal and the review comment. Nothing here is escaped yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import ndiff
from typing import Any, Final

from backsight.definitions.effects import SILENT_DAYS
from backsight.definitions.writing import said, yaml_text
from backsight.results.tables import count, counted

Json = Mapping[str, Any]

SIGNS: Final = {"create": "+", "change": "~", "describe": "~", "rename": ">", "delete": "-"}
_KINDS: Final = {"event": "event", "cohort": "cohort"}


def headline(plan: Json) -> str:
    """`1 to create, 2 to change; 12 unchanged`."""
    actions = Counter(edit["action"] for edit in plan["edits"])
    edits = ", ".join(f"{actions[action]:,} to {action}" for action in SIGNS if actions[action])
    return f"{edits or 'nothing to do'}; {plan['unchanged']:,} unchanged"


def kind_of(edit: Json) -> str:
    """`event`."""
    return _KINDS[edit["kind"]]


def definition_lines(edit: Json) -> list[str]:
    """The definition as a file has it; of a change, what goes and what comes: each line with its sign."""
    before, after = (_file_lines(edit[side]) for side in ("before", "after"))
    if edit["action"] == "rename":
        return []
    return [line for line in ndiff(before, after) if not line.startswith("?")]


def _file_lines(definition: Json | None) -> list[str]:
    return [] if definition is None else yaml_text(said(definition)).splitlines()


def numbers(edit: Json) -> str:
    """`90 → 95 persons, 120 → 131 events`; empty where nothing is counted."""
    effect = edit["effect"]
    if effect is None:
        return ""
    if edit["kind"] == "cohort":
        return cohort_words(effect)
    before, after = effect["before"], effect["after"]
    if not (effect["gained"]["events"] or effect["lost"]["events"]):
        same = f"{counted(after['events'], 'event')} by {counted(after['persons'], 'person')}"
        return f"{same}, the same as before" if after["events"] else "matches nothing, as before"
    return (
        f"{_from_to(before['events'], after['events'])} events "
        f"by {_from_to(before['persons'], after['persons'])} persons"
    )


def sides(edit: Json) -> list[tuple[str, str, Sequence[Json]]]:
    """What an event gains and loses: `+` or `-`, how much, and a sample of it."""
    effect = edit["effect"]
    if effect is None or edit["kind"] == "cohort":
        return []
    return [
        (sign, f"{word} {counted(moved['events'], 'event')}; {_persons(moved['persons'], side)}",
         effect["sample"][side])
        for sign, word, side in (("+", "gains", "gained"), ("-", "loses", "lost"))
        if (moved := effect[side])["events"]
    ]  # fmt: skip


def _persons(persons: int, side: str) -> str:
    if not persons:
        return "no person more" if side == "gained" else "no person less"
    return counted(persons, "person") + (" more" if side == "gained" else " less")


def sampled(row: Json) -> str:
    """`812 x click button#buy.primary "Buy now" on /product/1`."""
    name = f" {row['name']!r}" if row["name"] else ""
    element = f" {element_words(row['element'])}" if row["element"] else ""
    text = f' "{row["text"]}"' if row["text"] else ""
    path = f" on {row['path']}" if row["path"] else ""
    return f"{count(row['events'])} x {row['type']}{name}{element}{text}{path}"


def element_words(element: Json) -> str:
    """`form#signup.card`."""
    attributes = element["attributes"]
    own = f"#{attributes['id']}" if attributes.get("id") else ""
    classes = "".join(f".{name}" for name in (attributes.get("class") or "").split())
    return f"{element['tag']}{own}{classes}"


def dead(rule: Json) -> str:
    """Why a rule is told of."""
    if rule["events"]:
        return f"matched nothing for {SILENT_DAYS} days, last on {rule['last'][:10]}"
    if rule["elements"] == 0:
        return "matches nothing: no element that was captured is like this"
    return "matches nothing that was captured"


def cohort_words(moved: Json) -> str:
    """`10 → 12 persons: 3 more, 1 less`."""
    if moved["fails"]:
        return f"can't be asked afterwards: {moved['fails']}"
    change = f"{_from_to(moved['before'] or 0, moved['after'] or 0)} persons"
    if moved["gained"] is None:
        return change
    return f"{change}: {count(moved['gained'])} more, {count(moved['lost'])} less"


def report_words(report: Json) -> str:
    """What becomes of a saved report, without its figures."""
    if report["fails"]:
        return f"can't be asked afterwards: {report['fails']}"
    return "moves" if report["moves"] else "stays as it is"


def figures(report: Json) -> list[str]:
    """`2. Signed up: 50 → 61`; those that stay as they are, too: a funnel reads as a whole."""
    return [
        f"{each['figure']}: {_from_to(each['before'], each['after'])}"
        if each["before"] != each["after"]
        else f"{each['figure']}: {count(each['after'])}"
        for each in report["figures"]
    ]


def drift(edit: Json) -> str:
    """Why an edit is held back, or what it overwrites."""
    found = edit["drift"]
    latest = found["changes"][0] if found["changes"] else None
    who = f"by {latest['actor']}, {latest['at'][:16].replace('T', ' ')} UTC" if latest else "by nobody known"
    if found["because"] == "other_file":
        return f"the file {found['file']!r} manages it"
    if found["because"] == "made":
        return f"it was made without a file (version {latest['version'] if latest else '?'}, {who})"
    word = "deleted" if found["because"] == "deleted" else "changed"
    more = counted(len(found["changes"]), "change")
    both = "; the file changed, too" if found["file_changed"] and edit["after"] is not None else ""
    return f"{word} elsewhere since the last apply (version {found['applied']}): {more}, the last {who}{both}"


def _from_to(before: float | None, after: float | None) -> str:
    return f"{count(before) or 'none'} → {count(after) or 'none'}"
