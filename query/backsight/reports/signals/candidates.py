"""What was done and has no name, as rules that could give it one.

An interaction with an element counts for the nearest thing around it that people use: a click on the icon
inside a button is one on the button. So do the rules, which ask for the nearest element that matches.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from backsight.contract import EventType
from backsight.selectors.writing import identifier, string

USED: Final = (
    "a, button, input, select, textarea, label, summary, option, [role=button], [role=link], [role=tab],"
    " [role=menuitem], [role=option], [role=checkbox], [role=switch], [contenteditable]"
)
"""Elements that are made to be used."""

TELLING: Final = ("id", "name", "aria-label", "type", "href", "role", "title", "alt", "for")
"""Attributes that tell elements apart, besides `data-` ones for tests, the most telling first."""

MADE_FOR_TESTS: Final = re.compile(r"data-(testid|test-id|test|qa|cy|track|action|analytics|name)")
GENERATED: Final = re.compile(r"\d{3,}|[0-9a-f]{8,}|:r[0-9a-z]+:|[_-]{2}[A-Za-z0-9]{5,}$")
"""What looks as if a program made it up, and makes up another one tomorrow."""

Element = Mapping[str, Any]
Rule = dict[str, Any]


def rule_of(kind: str, element: Element | None, word: str | None, *, whole: bool) -> Rule:
    """The rule of what was done: of an element (`tag`, `attributes`), a page, or a tracked event.

    `whole` is whether it is about the element whatever its text.
    """
    if kind == EventType.PAGEVIEW:
        return {"on": kind, "page": {"path": {"op": "is", "value": word}}}
    if kind == EventType.TRACK:
        return {"on": kind, "name": word}
    rule: Rule = {"on": kind, "css": selector_of(element or {})}
    if not whole:
        rule["text"] = {"op": "is", "value": word}
    return rule


def label_of(rule: Rule) -> str:
    """A rule in a few words: `click button.save "Save"`, `pageview /pricing`."""
    words = [rule["on"], rule.get("css"), rule.get("name"), rule.get("page", {}).get("path", {}).get("value")]
    text = [f'"{rule["text"]["value"]}"'] if "text" in rule else []
    return " ".join([*filter(None, words), *text])


def selector_of(element: Element) -> str:
    """A selector for an element: by what it was named for where there is that, else by all of its classes."""
    tag = identifier(element["tag"])
    known = {name: value for name, value in element["attributes"] if value}
    for name in sorted(known):
        if MADE_FOR_TESTS.fullmatch(name) and not GENERATED.search(known[name]):
            return f"{tag}[{identifier(name)}={string(known[name])}]"
    told = [name for name in TELLING if name in known and not GENERATED.search(known[name])]
    if told[:1] == ["id"]:
        return f"{tag}#{identifier(known['id'])}"
    classes = [
        each
        for each in re.split(r"[ \t\n\f\r]+", known.get("class", ""))
        if each and not GENERATED.search(each)
    ]
    attributes = "".join(f"[{identifier(name)}={string(known[name])}]" for name in told)
    return tag + "".join(f".{identifier(each)}" for each in dict.fromkeys(classes)) + attributes
