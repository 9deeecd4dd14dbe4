"""Several selectors in one question: which of their nodes an event has is looked up once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.reports import funnel, trend
from query.conftest import ContextOf
from query.rows import event

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
SEEN = {"site": "shop", "first_seen": DAY}
TAGS = {71: "a", 72: "b", 73: "i"}
SELECTORS = {"a": {71}, "b": {72}, "a, b": {71, 72}, "*": {71, 72, 73}, "u": set[int](), "i, a": {71, 73}}
PLACE = {"depth": 0, "child_index": 1, "child_last": 1, "type_index": 1, "type_last": 1, "flags": 0}
NODES = [{"node_id": node, "element_id": node, **PLACE, **SEEN} for node in TAGS]
ELEMENTS = [
    {"element_id": node, "tag": tag, "namespace": "html", "attributes": [], **SEEN}
    for node, tag in TAGS.items()
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([71, 72, 73, 74, None]), max_size=12),
    st.lists(st.sampled_from(list(SELECTORS)), min_size=1, max_size=5),
)
def test_each_selector_finds_the_events_of_its_own_nodes(
    context_of: ContextOf, targets: list[int | None], asked: list[str]
) -> None:
    """However many selectors a question has and however they overlap; an event without a node is of none."""
    rows = [
        event("A", DAY + timedelta(minutes=minute), type="click", node_id=node, device=minute)
        for minute, node in enumerate(targets)
    ]
    context = context_of(rows, nodes=NODES, elements=ELEMENTS)
    steps = [{"on": "click", "css": css} for css in asked]
    expected = [sum(node in SELECTORS[css] for node in targets) for css in asked]
    counted = trend.run({"series": steps, "from": "2026-10-01", "to": "2026-10-01"}, context)
    assert [series["total"] for series in counted["series"]] == expected
    for css, step in zip(asked, steps, strict=True):
        first = funnel.run({"steps": [step, *steps]}, context)["steps"][0]["count"]
        assert first == sum(node in SELECTORS[css] for node in targets)
