"""Other tools' worked funnels."""

from __future__ import annotations

from typing import Any

import pytest

from backsight.reports import funnel
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context
from query.conformance.funnels import request_of, steps_as_there
from query.conftest import ContextOf


@pytest.mark.parametrize(("case", "name"), of_kind("funnel"))
def test_funnel(context_of: ContextOf, case: Case, name: str) -> None:
    """A funnel has every figure that the case's own tool gives."""
    answer = funnel.run(request_of(case), context(context_of, case))
    settle({key: _observed(key, wanted, answer) for key, wanted in case["expect"].items()}, case, name)


def _observed(key: str, wanted: Any, answer: dict[str, Any]) -> object:
    if key == "steps":
        return steps_as_there(answer["steps"], wanted)
    if key == "last_step_count":
        return answer["steps"][-1]["count"]
    raise KeyError(key)
