"""The examples of docs/reference/python.md: each runs, in order, over a real data directory and a real
server.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from backsight.questions import Questions
from backsight.results import RESULTS
from shop_site import secret_key, served, write_data

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def test_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every block on the page runs as it stands, one after another, and prints what its comments say."""
    data = tmp_path / "backsight-data"
    data.mkdir()
    write_data(data)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    with served(data) as url:
        for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
            filled = code.replace("http://127.0.0.1:8400", url).replace("sk_…", secret_key(data, "read"))
            exec(compile(filled, str(PAGE), "exec"), names)
    assert (
        "steps[1]: there is no named event 'Signd up'. Valid: did you mean 'Signed up'."
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "name",
    [
        "funnel",
        "retention",
        "trend",
        "lifecycle",
        "stickiness",
        "paths",
        "attribution",
        "signals",
        "preview",
        "define",
        "define_cohort",
        "preview_cohort",
        "person",
        "freeze_cohort",
        "activity",
        "elements",
        "doctor",
        "define_link",
    ],
)
def test_arguments(name: str) -> None:
    """Every argument of a method that takes several is on the page."""
    text = PAGE.read_text()
    for argument in list(inspect.signature(getattr(Questions, name)).parameters)[1:]:
        assert re.search(rf"\b{argument}\b", text), argument


GROUP = {"value": ["a"], "steps": [], "trend": [], "rows": [], "average": [], "conversions": 0, "persons": 0,
         "sum": 0}  # fmt: skip
STEP = {"label": "A", "count": 0, "still_open": 0, "from_start": None, "from_previous": None, "excluded": 0,
        "settled": {"from_start": None, "from_previous": None},
        "seconds": {"mean": None, "median": None, "p90": None}}  # fmt: skip
FULL: dict[str, Any] = {
    **{key: [] for key in ("labels", "previous_labels", "daily", "persons", "edges", "average", "complete")},
    "steps": [STEP],
    "meta": {},
    "groups": [GROUP],
    "trend": [{"start": "2026-10-01", "steps": [], "complete": True}],
    "rows": [{"start": "2026-10-01", "size": 0, "returned": [], "complete": [], "values": []}],
    "series": [{"label": "A", "measure": "events", "group": ["a"], "values": [], "previous": {"values": []}}],
    "signals": [],
    "findings": [],
    "fine": True,
    "elements": [],
    "properties": [],
    "events": [],
    "total": {"conversions": 0},
    "unattributed": {"conversions": 0, "persons": 0, "sum": 0},
}
"""An answer of any report, with all that it can be asked for and next to no figures."""


@pytest.mark.parametrize("report", RESULTS)
def test_columns(report: str) -> None:
    """The columns that every data frame can have are those on the page, in their order."""
    kind = RESULTS[report]
    row = next(line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{kind.__name__}`"))
    given = {**FULL, "rows": []} if report == "stickiness" else FULL
    assert re.findall(r"`(\w+)`", row.split("|")[2]) == kind(given, str).to_arrow().column_names
