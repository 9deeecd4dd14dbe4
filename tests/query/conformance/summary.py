"""Writes docs/conformance.md from the cases; a test holds it current.

PYTHONPATH=tests python -m query.conformance.summary
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from query.conformance.cases import CASES
from query.conformance.contradictions import CONTRADICTIONS

PAGE = Path(__file__).parents[3] / "docs" / "conformance.md"
VENDORS = {
    "amplitude": "Amplitude",
    "mixpanel": "Mixpanel",
    "openpanel": "OpenPanel",
    "posthog": "PostHog",
    "umami": "Umami",
    "backsight": "by hand: clocks are set",
}
KINDS = {
    "funnel": "funnel",
    "funnel_trends": "funnel over time",
    "funnel_time_to_convert": "time to convert",
    "retention": "retention",
    "retention_interval": "retention, one return",
    "trends": "trend",
    "lifecycle": "lifecycle",
    "stickiness": "stickiness",
    "paths": "paths",
}

OPENING = """\
# Conformance

Made by `tests/query/conformance/summary.py` from the cases; do not edit.

What other tools' own tests and documentation say of a funnel, of retention, of a trend or of paths is a fact
that can be held against us: events, a question, and the answer that they expect. Each case in
`tests/query/cases` names its source. It runs with the options of ours that say what its tool means, and it
counts as agreeing only if every figure that it expects is ours: counts, persons, times, groups, edges.
`tests/query/conformance` runs them with every change, so that a case that ceased to agree would not get in.

Tools contradict each other. Where Backsight means something else by choice, and has no option for the other
reading, the case is listed below with the reason; that our answer differs, and how, is held too.

No tool has a case for days on which clocks are set. Those were worked by hand from the time zone database,
for days of 23, 23½, 24½ and 25 hours and for zones that set their clocks at midnight.

Ordered and strict funnels, retention and trends are also held against ClickHouse (its `windowFunnel`, its
`retention`, its calendar), over random persons in zones and weeks in which clocks are set.

| report | from | cases run | agree | contradict |
| --- | --- | ---: | ---: | ---: |
"""


def page() -> str:
    """The page's text."""
    return OPENING + "".join(_table()) + "\n## Contradictions\n" + "".join(_contradictions())


def _table() -> Iterator[str]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, case in CASES.items():
        found[case["kind"], name.split("_")[0]].append(name)
    for kind, vendor in product(KINDS, VENDORS):
        if found[kind, vendor]:
            yield _row(KINDS[kind], VENDORS[vendor], found[kind, vendor])
    yield _row("**all**", "", list(CASES))


def _row(kind: str, vendor: str, names: list[str]) -> str:
    contradict = sum(name in CONTRADICTIONS for name in names)
    figures = (len(names), len(names) - contradict, contradict)
    return f"| {kind} | {vendor} | {' | '.join(map(str, figures))} |\n"


def _contradictions() -> Iterator[str]:
    for name, listed in CONTRADICTIONS.items():
        yield f"\n### {name}\n\n{listed.reason}\n\n"
        yield f"- source: `{CASES[name]['source']}`\n"
        yield f"- there: `{json.dumps(CASES[name]['expect'])}`\n"
        yield f"- here: `{json.dumps(listed.ours)}`\n"


if __name__ == "__main__":
    PAGE.write_text(page())
