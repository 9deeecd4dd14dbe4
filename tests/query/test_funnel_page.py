"""The page that explains funnels: each example on it is run, and has the answer that stands there."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backsight import charts
from backsight.reports import funnel
from backsight.reports.funnel.request import FIELDS
from query.conftest import ContextOf
from query.rows import event, named

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "funnels.md"
EXAMPLES = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
MONDAY = datetime(2026, 10, 5, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
EVENT = re.compile(r"(\w{3}) (\d\d):(\d\d) ([^\[]+?)(?: \[(\w+)=(.+)\])?")


def rows_of(line: str, device: int) -> list[dict[str, Any]]:
    """A person's events; each on a page of its own, so that time alone puts them in order."""
    found = []
    for text in line.split(": ", 1)[1].split(" · "):
        match = EVENT.fullmatch(text)
        assert match, text
        day, hour, minute, name, key, value = match.groups()
        moment = MONDAY + timedelta(days=DAYS.index(day), hours=int(hour), minutes=int(minute))
        raw = {"type": "click", "name": None} if name == "(click)" else {}
        props = json.dumps({key: _value(value)} if key else {})
        found.append(event(name, moment, device=device, session=None, props=props, **raw))
    return found


def _value(text: str) -> Any:
    return json.loads(text) if text[0] in "[0123456789" else text


def shown(answer: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    """The figures as the page has them."""
    labels = charts.step_labels(answer, steps)
    return " · ".join(
        f"{label.removesuffix(' (optional)')} {step['count']}"
        + (f" ({step['excluded']} excluded)" if "excluded" in step else "")
        for label, step in zip(labels, steps, strict=True)
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_example_is_true(context_of: ContextOf, example: str) -> None:
    """What stands under a question is its answer."""
    people, request, wanted = example.strip().split("\n\n")
    rows = [row for device, line in enumerate(people.splitlines(), 1) for row in rows_of(line, device)]
    names = named(*sorted({row["name"] for row in rows} - {None}))
    answer = funnel.run(json.loads(request), context_of(rows, names=names))
    if "groups" not in answer:
        assert shown(answer, answer["steps"]) == wanted
        return
    assert [
        f"{charts.group_text({'group': group['value']})}: {shown(answer, group['steps'])}"
        for group in answer["groups"]
    ] == wanted.splitlines()


def test_every_option_is_on_the_page() -> None:
    """No option of a funnel goes without an explanation."""
    text = PAGE.read_text()
    assert [name for name in FIELDS if f'"{name}"' not in text and f"`{name}`" not in text] == []
