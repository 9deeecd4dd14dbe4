"""Names that fell silent, with the rules that take up what took their place; and selectors of nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backsight.doctor.examination import Examination
from backsight.doctor.findings import Finding
from backsight.repairs.activity import flat
from backsight.repairs.report import tell
from backsight.results.tables import counted
from backsight.selectors import Match, parse_selector

POINT: Final = "Or point at the element: `backsight define URL`."


def silent_names(asked: Examination) -> list[Finding]:
    """Each name that fell silent, or lost one of its rules; and how many did not."""
    told = tell(asked.activity, asked.context)
    if not told:
        return [
            Finding("names", "know", "Nothing has a name yet.", ("Name something: `backsight define URL`.",))
        ]
    found = [
        _silent(name, silence, repair)
        for name, (silence, repair) in told.items()
        if silence["silent_since"] is not None or repair is not None
    ]
    alive = len(told) - len(found)
    words = f"{counted(alive, 'name is', 'names are')} as alive as ever."
    return [*found, *([Finding("names", "fine", words)] if alive else [])]


def dead_selectors(asked: Examination) -> list[Finding]:
    """Each rule whose selector no element ever matched."""
    trie = asked.context.trie
    if not len(trie):
        return []
    dead = [
        _dead(name, css, match)
        for name, css, match in _selectors(asked)
        if len(trie.node_ids(parse_selector(css), match)) == 0
    ]
    return dead or [Finding("selectors", "fine", "Every selector of a name matches some element.")]


def _selectors(asked: Examination) -> Iterator[tuple[str, str, Match]]:
    for name in sorted(asked.context.names):
        for rule in flat(asked.context.names[name]):
            if rule.css is not None:
                yield name, rule.css, rule.match


def _dead(name: str, css: str, match: Match) -> Finding:
    words = f"{name!r}: no element that was ever used matches {css!r}."
    look = f"Look for a slip of the pen: `backsight events show {shlex.quote(name)}`."
    return Finding("selectors", "act", words, (look, POINT), {"name": name, "css": css, "match": match})


def _silent(name: str, silence: Mapping[str, Any], repair: Mapping[str, Any] | None) -> Finding:
    facts = {"name": name, **silence, "repair": repair}
    words = f"{name!r}: {silence['words'] or _lost_a_part(repair or {})}"
    if repair is not None:
        apply = f"`backsight doctor --apply {shlex.quote(name)}` adds it."
        return Finding("names", "act", f"{words} {_likely(repair)}", (apply,), facts)
    if silence["cause"] == "no_visits":
        return Finding("names", "know", words, (), facts)
    delete = f"Or take the name away: `backsight events delete {shlex.quote(name)}`."
    return Finding(
        "names", "act", words, ("Point at what took its place: `backsight define URL`.", delete), facts
    )


def _likely(repair: Mapping[str, Any]) -> str:
    found = repair["found"]
    who = f"{counted(found['events'], 'event')} by {counted(found['persons'], 'person')} since"
    return f"Most likely it is now {repair['words']}: {who}. Why: {'; '.join(repair['why'])}."


def _lost_a_part(repair: Mapping[str, Any]) -> str:
    return f"One of its rules matches nothing since {repair.get('silent_since')}; the others still do."
