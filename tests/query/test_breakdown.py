"""The breakdown: how it is asked for, and how groups are told apart and ordered."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsight.errors import Exceeded, InvalidRequest
from backsight.reports.breakdown import Breakdown, encoded, find_group, parse_breakdown, rank


def test_what_is_left_out_has_a_default() -> None:
    """25 groups stand alone unless a limit says otherwise; a limit of null says nothing."""
    assert parse_breakdown({"by": ["browser", "person.plan"]}) == Breakdown(("browser", "person.plan"), 25)
    assert parse_breakdown({"by": ["browser"], "limit": None}).limit == 25
    assert parse_breakdown({"by": ["browser"], "limit": 3}).limit == 3


def test_a_report_may_add_fields() -> None:
    """A field that a report reads itself is not refused."""
    assert parse_breakdown({"by": ["os"], "attribution": "first"}, own=["attribution"]) == Breakdown(("os",))


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("browser", "breakdown"),
        ({}, "breakdown.by"),
        ({"by": "browser"}, "breakdown.by"),
        ({"by": []}, "breakdown.by"),
        ({"by": list("abcdef")}, "breakdown.by"),
        ({"by": ["os", 1]}, "breakdown.by[1]"),
        ({"by": ["os", "os"]}, "breakdown.by[1]"),
        ({"by": ["os", "person."]}, "breakdown.by[1]"),
        ({"by": ["props."]}, "breakdown.by[0]"),
        ({"by": ["os"], "limit": 0}, "breakdown.limit"),
        ({"by": ["os"], "limit": 1_001}, "breakdown.limit"),
        ({"by": ["os"], "limit": "5"}, "breakdown.limit"),
        ({"by": ["os"], "attribution": "first"}, "breakdown.attribution"),
    ],
)
def test_what_is_wrong_is_named(value: Any, field: str) -> None:
    """A breakdown that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        parse_breakdown(value)
    assert raised.value.field == field


@pytest.mark.parametrize(("most", "fits"), [(6, True), (5, False)])
def test_more_groups_than_fit_are_refused(monkeypatch: pytest.MonkeyPatch, most: int, fits: bool) -> None:
    """Groups are told apart up to a number; beyond it, the refusal says what would be fewer."""
    monkeypatch.setattr("backsight.reports.breakdown.MOST_GROUPS", most)
    columns = [pa.array(["a", "a", "b", "b", None, None]), pa.array([1, 2, 1, 2, 1, 2])]
    with nullcontext() if fits else pytest.raises(Exceeded, match="there are 6 groups"):
        assert len(encoded(columns)[1]) == 6


_texts = st.sampled_from(["", "a", "b", "é", "\U0001f600", None])
_numbers = st.sampled_from([0, -1, 2**60, None])


@given(st.lists(st.tuples(_texts, _numbers), max_size=30), st.integers(1, 6))
def test_groups_agree_with_counting_by_hand(rows: list[tuple[str | None, int | None]], limit: int) -> None:
    """Every row's group is its own values; the largest come first, equal ones by value with null last, and
    the rest is pooled.
    """
    columns = [
        pa.array([row[0] for row in rows], pa.string()),
        pa.array([row[1] for row in rows], pa.int64()),
    ]
    codes, groups = encoded(columns)
    assert [groups[code] for code in codes] == rows
    sizes = [sum(code == each for each in codes) for code in range(len(groups))]
    ranking = rank(groups, sizes, limit)

    wanted = sorted(
        set(rows),
        key=lambda each: (-rows.count(each), each[0] is None, each[0] or "", each[1] is None, each[1] or 0),
    )
    assert ranking.groups == wanted[:limit]
    assert ranking.pooled == (len(wanted) > limit)
    assert len(ranking.values) == min(len(wanted), limit + 1)
    for row, code in zip(rows, codes, strict=True):
        assert ranking.places[code] == min(wanted.index(row), limit)


def test_a_chunked_column_is_one_column() -> None:
    """Chunks do not tell groups apart."""
    codes, groups = encoded([pa.chunked_array([pa.array(["x", None]), pa.array([None, "x"])])])
    assert [groups[code] for code in codes] == [("x",), (None,), (None,), ("x",)]


def test_a_group_without_anything_is_none() -> None:
    """What counted nothing is neither shown nor pooled."""
    ranking = rank([("a",), ("b",), (None,)], [0, 2, 0], 1)
    assert (ranking.values, ranking.pooled, ranking.places.tolist()) == ([["b"]], False, [1, 0, 1])


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (["7", None], 0),
        ([7, None], 0),
        (["true", "a"], 1),
        ([True, "a"], 1),
        (["7", "a"], None),
        (["7"], None),
    ],
    ids=str,
)
def test_a_group_is_found_by_its_value_as_text_too(value: list[object], place: int | None) -> None:
    """A number or truth value may be written as text; the pooled group has no value to be found by."""
    assert find_group(value, [(7, None), (True, "a"), None]) == place
