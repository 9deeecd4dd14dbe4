"""Rules that take up a successor, each tried on all of the past before one is proposed.

A rule is proposed only where it finds what the successor did and hardly anything else: neither since, nor in
the time before, in which it would have changed what the name meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from backsight.candidates.looks import looks_of
from backsight.candidates.tokens import Token
from backsight.parquet_rows import Integers
from backsight.repairs.activity import Activity, Fallen
from backsight.repairs.bits import Test
from backsight.repairs.counting import Counted, count_query, counted
from backsight.repairs.successors import Group, Portrait, common_tokens
from backsight.repairs.things import mostly
from backsight.rules.rule import MAX_RULES, Rule, RuleOrAny, parse_rule, rule_to_json
from backsight.scan.context import Context
from backsight.scan.matched import Query

WHOLE: Final = 0.95
"""Share of a group that a rule's tests are made of."""
MOST_WORDS: Final = 5
"""Texts, or pages, that a rule lists."""
MOST_CLASSES: Final = 3
MOST_RULES: Final = 8
"""Rules that are tried for one name."""
SAME: Final = (0.9, 1.1)
"""How many of a group's events a rule must find, and may find."""
BEFORE: Final = 0.02
"""Share of its frequency since that a rule may have had before."""
RATES: Final = (0.4, 2.5)
"""How many times more may come than is expected."""
SOON: Final = 3
"""Days with traffic within which it must begin."""
BUSY: Final = 0.6
"""Share of the days on which several were expected that must have some."""
CLEARLY: Final = 1.0
"""By how much more must speak for it than for another that is as good."""
TEST_ATTRIBUTES: Final = ("data-testid", "data-test-id", "data-test", "data-qa", "data-cy", "data-track")
NAMING: Final = (*TEST_ATTRIBUTES, "data-action", "data-name", "name", "action")
"""Attributes that name an element, the surest first."""


@dataclass(frozen=True)
class Proposal:
    """A rule that may take up a group."""

    place: int
    """Of that which fell silent."""
    group: Group
    rule: Rule


@dataclass(frozen=True)
class Measured:
    """A proposal with what it would add to the name, day by day."""

    proposal: Proposal
    gained: Integers
    """Events that the rule finds and the name's own rules do not."""


def proposals(place: int, each: Fallen, portrait: Portrait, groups: Sequence[Group]) -> list[Proposal]:
    """The rules that are tried, the best first."""
    made = [Proposal(place, group, rule) for group in groups for rule in _rules(group, each, portrait)]
    known: dict[tuple[Rule, int], Proposal] = {}
    for proposal in made:
        known.setdefault((proposal.rule, id(proposal.group)), proposal)
    return list(known.values())[:MOST_RULES]


def measure_query(
    tried: Sequence[Proposal], fallen: Sequence[Fallen], activity: Activity, context: Context
) -> Query:
    """The statement that tries rules on all of the days: what each would add to its name."""
    conditions = context.conditions()
    tests = []
    for each in tried:
        own = conditions.event(fallen[each.place].unit.name, "names")
        tests.append(Test.of(each.rule, conditions, own))
    conditions.customs = {}
    return count_query(tests, conditions, activity.days, context)


def measured(
    tried: Sequence[Proposal], fallen: Sequence[Fallen], activity: Activity, context: Context
) -> list[Measured]:
    """What each of the rules would add to its name."""
    if not tried:
        return []
    rows = measure_query(tried, fallen, activity, context).run(context)
    found: Counted = counted(rows, [[test] for test in range(len(tried))], len(activity.days))
    return [Measured(each, gained) for each, gained in zip(tried, found.events, strict=True)]


def best(tried: Sequence[Measured], each: Fallen, activity: Activity) -> Measured | None:
    """The rule that is proposed; null where none is good, or two are as good that mean different things."""
    good = [rule for rule in tried if _is_good(rule, each, activity)]
    if not good:
        return None
    first = good[0]
    rows = set(map(id, first.proposal.group.rows))
    for other in good[1:]:
        close = other.proposal.group.weight > first.proposal.group.weight - CLEARLY
        if close and rows.isdisjoint(map(id, other.proposal.group.rows)):
            return None
    return first


def overlap_of(gained: Integers, each: Fallen) -> int:
    """Events that a rule would add to the time before; not of the day of the change itself."""
    return int(gained[: max(0, each.silence.ended - 1)].sum())


def found_of(gained: Integers, each: Fallen) -> int:
    """Events that a rule finds since."""
    return int(gained[each.silence.ended :].sum())


def widened(rules: Sequence[RuleOrAny], rule: Rule) -> list[dict[str, object]]:
    """A name's rules and one more, as JSON."""
    return [*(rule_to_json(each) for each in rules), rule_to_json(rule)]


def _is_good(rule: Measured, each: Fallen, activity: Activity) -> bool:
    ended, traffic = each.silence.ended, activity.traffic.events
    found, overlap = found_of(rule.gained, each), overlap_of(rule.gained, each)
    passed = int(traffic[: max(0, ended - 1)].sum()), int(traffic[ended:].sum())
    events = rule.proposal.group.events
    whole = int(rule.gained[ended : activity.days.whole].sum())
    return (
        SAME[0] * events <= found <= SAME[1] * events
        and overlap * passed[1] <= BEFORE * found * max(1, passed[0])
        and RATES[0] * each.silence.expected <= whole <= RATES[1] * each.silence.expected
        and _comes_steadily(rule.gained, each, activity)
    )


def _comes_steadily(gained: Integers, each: Fallen, activity: Activity) -> bool:
    """Whether it begins when the other ended, and goes on."""
    traffic = activity.traffic.events
    days = np.flatnonzero(traffic[: activity.days.whole] > 0)
    days = days[days >= each.silence.ended]
    due = days[traffic[days] * each.silence.share >= 3]
    first = np.flatnonzero(gained[days] > 0)
    is_soon = bool(len(first)) and int(first[0]) < SOON
    return is_soon and int(np.count_nonzero(gained[due])) >= BUSY * len(due)


def _rules(group: Group, each: Fallen, portrait: Portrait) -> Iterator[Rule]:
    """Rules for a group, those that will last longest first."""
    weighted = [(row.thing, row.events) for row in group.rows]
    shared = common_tokens(weighted, lambda thing: thing.tokens, WHOLE)
    lasting = sorted((token for token in shared if looks_of(token).prior >= 0.5), key=_rank)
    tags = mostly(((row.thing.tag, row.events) for row in group.rows if row.thing), WHOLE)
    tag = tags[0] if len(tags) == 1 else ""
    names = [token for token in lasting if token in group.kept or _is_naming(token)]
    classes = [token for token in lasting if token.kind == "class"][:MOST_CLASSES]
    text, page = _text_test(group), _page_test(group)
    sources = [
        (tag + names[0].css, {}) if names else None,
        (tag, text) if tag and text else None,
        (tag + "".join(token.css for token in classes), {}) if classes else None,
        (tag + "".join(token.css for token in classes), text) if classes and text else None,
    ]
    base = _base(each, portrait)
    for narrowed in ({}, page):
        for source in filter(None, sources):
            if not narrowed or page:
                yield _rule(base, source[0], {**source[1], **narrowed})


def _is_naming(token: Token) -> bool:
    return token.kind == "id" or (
        token.kind == "attribute" and token.name in NAMING and token.value is not None
    )


def _rank(token: Token) -> tuple[object, ...]:
    """Tokens made to name an element first, then ids, then what is written plainly."""
    naming = NAMING.index(token.name) if token.kind == "attribute" and token.name in NAMING else len(NAMING)
    return (naming, token.kind != "id", looks_of(token).look == "style", -looks_of(token).prior, token.css)


def _text_test(group: Group) -> dict[str, object]:
    """A test of what it says, where that is one text, or a few."""
    field = "label" if group.thing.by_label else "text"
    texts = mostly(((row.thing.label, row.events) for row in group.rows if row.thing), WHOLE)
    if not 1 <= len(texts) <= MOST_WORDS or not all(texts):
        return {}
    return {field: {"op": "is", "value": texts[0] if len(texts) == 1 else sorted(texts)}}


def _page_test(group: Group) -> dict[str, object]:
    """A test of the page, where it is one, or a few."""
    paths = mostly(((row.path, row.events) for row in group.rows), WHOLE)
    if not 1 <= len(paths) <= MOST_WORDS or None in paths:
        return {}
    return {"page": {"path": {"op": "is", "value": paths[0] if len(paths) == 1 else sorted(paths)}}}


def _base(each: Fallen, portrait: Portrait) -> dict[str, Any]:
    """What a single rule asks for besides element, text and path stays asked for."""
    types = sorted(portrait.types)
    base: dict[str, Any] = {"on": types[0] if len(types) == 1 else types}
    if len(each.unit.rules) == 1:
        old: Mapping[str, Any] = rule_to_json(each.unit.rules[0])
        base |= {key: old[key] for key in ("where", "rage") if key in old}
        page = {key: test for key, test in old.get("page", {}).items() if key not in ("path", "url")}
        base |= {"page": page} if page else {}
    return base


def _rule(base: Mapping[str, Any], css: str, tests: Mapping[str, Any]) -> Rule:
    page = {**base.get("page", {}), **tests.get("page", {})}
    made = parse_rule({**base, "css": css, **tests, **({"page": page} if page else {})}, "rule")
    if not isinstance(made, Rule):
        raise TypeError(made)
    return made


def has_room(rules: Sequence[RuleOrAny]) -> bool:
    """Whether a name may have one rule more."""
    return len(rules) < MAX_RULES
