"""Reports whose rows do not fit in memory at once are worked out share by share of the persons."""

from __future__ import annotations

import weakref
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from backsight.contract import id64
from backsight.reports import attribution, paths
from backsight.reports.sessions import read_session, sessions_of, sessions_query
from backsight.scan import shares
from backsight.scan.moments import Range
from backsight.scan.request import read_common, read_request
from query.conftest import ContextOf
from query.rows import event

DAY = datetime(2026, 10, 1, tzinfo=UTC)
GAP = {"session": {"gap": "5m"}}


def _events() -> list[dict[str, Any]]:
    """Twenty persons who come by different campaigns and go different ways."""
    return [
        event(
            "", DAY + timedelta(minutes=minute * (device % 3 + 1)), type=kind, name={"track": "A"}.get(kind),
            path=f"/{(device + minute) % 3}", query=f"utm_source={device % 4}", session=device,
            device=id64("device", device),
        )
        for device in range(20)
        for minute, kind in enumerate(["pageview", "pageview", "track", "pageview"])
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("report", "request_"),
    [
        pytest.param(paths, {}, id="paths"),
        pytest.param(paths, {"around": "A", **GAP}, id="paths by decided sessions"),
        pytest.param(attribution, {"conversion": "A", "by": ["utm_source"]}, id="attribution"),
        pytest.param(attribution, {"conversion": "A", "by": ["utm_source"], **GAP}, id="by decided sessions"),
    ],
)
def test_shares_make_no_difference(
    context_of: ContextOf, monkeypatch: pytest.MonkeyPatch, report: Any, request_: dict[str, Any]
) -> None:
    """The answer is the same however few events a share may have."""
    context = context_of(_events())
    whole = report.run(request_, context)
    asked: list[str] = []
    monkeypatch.setattr(shares, "ROW_BYTES", context.engine.memory // 10)
    module = {paths: paths.report, attribution: attribution.report}[report]
    monkeypatch.setattr(module, "in_shares", _noting(asked))
    parts = report.run(request_, context)
    assert asked[0] == shares.EVERYBODY
    assert len(asked) == 9
    assert {**parts, "meta": None} == {**whole, "meta": None}


def test_sessions_are_the_same_in_shares(context_of: ContextOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every session is found once, and has a number of its own."""
    rule, everything = read_session(GAP), Range(None, None)
    assert rule is not None
    common, context = read_common(read_request({}, ()), DAY), context_of(_events())
    whole = sessions_of(rule, common, everything, context)
    monkeypatch.setattr(shares, "ROW_BYTES", context.engine.memory // 10)
    parts = sessions_of(rule, common, everything, context)
    order = [("person", "ascending"), ("place", "ascending")]
    starts = [table.sort_by(order).select(["person", "place"]) for table in (whole, parts)]
    assert starts[0].equals(starts[1])
    assert sorted(parts["session"].to_pylist()) == list(range(whole.num_rows))


def test_a_share_is_let_go_of_before_the_next(context_of: ContextOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many shares there are, one stands in memory."""
    context = context_of(_events())
    monkeypatch.setattr(shares, "ROW_BYTES", context.engine.memory // 10)
    seen: list[weakref.ref[pa.Table]] = []

    def walk(rows: pa.Table) -> int:
        assert [each() for each in seen] == [None] * len(seen)
        seen.append(weakref.ref(rows))
        return int(rows.num_rows)

    rule, everything = read_session(GAP), Range(None, None)
    assert rule is not None
    common = read_common(read_request({}, ()), DAY)
    found = shares.in_shares(
        lambda who: sessions_query(rule, common, everything, context, who), everything, context, walk
    )
    assert len(found) > 2
    assert sum(found) == len(_events())


def _noting(asked: list[str]) -> Any:
    def in_shares(query_of: Any, *others: Any) -> Any:
        def noted(who: str) -> Any:
            asked.append(who)
            return query_of(who)

        return shares.in_shares(noted, *others)

    return in_shares
