"""Persons as answers show them: by the ids that their site gave them, in pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from backsight.errors import InvalidRequest
from backsight.scan.person_ids import MAX_DEVICES, Listing, named_persons, read_listing
from query.conftest import ContextOf
from query.rows import Row, statement

DAY = datetime(2026, 10, 5, 12, tzinfo=UTC)


def said(device: int, user: int | None = None, kind: str = "identify", **columns: Any) -> Row:
    """A statement about a device, and maybe a user."""
    names = {"device_id": f"device {device}", "user_id": None if user is None else f"user {user}"}
    return statement(kind, DAY + timedelta(seconds=device), device=device, user=user, **names, **columns)


def test_a_user_has_a_name_devices_and_traits(context_of: ContextOf) -> None:
    """A user is shown with every device of a statement that holds, and what was said last of each trait."""
    context = context_of(
        statements=[
            said(2, 2**62, traits='{"plan": "pro"}'),
            said(1, 2**62, traits='{"plan": "free", "seats": 3}'),
        ]
    )
    assert named_persons([2**62], context) == [
        {
            "person": "4611686018427387904",
            "user_id": f"user {2**62}",
            "device_ids": ["device 1", "device 2"],
            "traits": {"plan": "pro", "seats": 3},
        }
    ]


def test_a_device_without_a_user_is_itself(context_of: ContextOf) -> None:
    """A device has no user, its own name where some statement says it, and none otherwise."""
    context = context_of(statements=[said(1, kind="traits", traits='{"plan": "pro"}')])
    assert named_persons([-5, 1], context) == [
        {"person": "-5", "user_id": None, "device_ids": [], "traits": {}},
        {"person": "1", "user_id": None, "device_ids": ["device 1"], "traits": {"plan": "pro"}},
    ]


def test_a_revoked_statement_takes_the_device_away(context_of: ContextOf) -> None:
    """What a revoked statement tied together is no longer shown as one person."""
    first, second = said(1, 11), said(2, 11)
    context = context_of(statements=[first, second, statement("revoke", DAY, revokes=first["statement_id"])])
    user, device = named_persons([11, 1], context)
    assert (user["user_id"], user["device_ids"]) == ("user 11", ["device 2"])
    assert (device["user_id"], device["device_ids"]) == (None, ["device 1"])


def test_devices_of_a_person_are_bounded(context_of: ContextOf) -> None:
    """Whoever lets one user own very many devices does not make the answer as long."""
    context = context_of(statements=[said(device, 1_000) for device in range(MAX_DEVICES + 5)])
    (user,) = named_persons([1_000], context)
    assert len(user["device_ids"]) == MAX_DEVICES


def test_pages_follow_each_other(context_of: ContextOf) -> None:
    """Each page begins after the one before it, by the person's number; a person is listed once."""
    context = context_of()
    persons = np.array([7, -3, 7, 5, 2**60], np.int64)
    first = Listing(limit=3).answer(persons, context)
    assert (first["total"], [each["person"] for each in first["persons"]]) == (4, ["-3", "5", "7"])
    rest = read_listing({"limit": 3, "after": first["next"]}).answer(persons, context)
    assert ([each["person"] for each in rest["persons"]], rest["next"]) == ([str(2**60)], None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        pytest.param({"limit": 0}, "limit", id="no page"),
        pytest.param({"limit": 1_001}, "limit", id="too long a page"),
        pytest.param({"after": 5}, "after", id="a number is not text"),
        pytest.param({"after": "x"}, "after", id="no number"),
        pytest.param({"after": "--5"}, "after", id="two signs"),
        pytest.param({"after": "²"}, "after", id="a digit of another kind"),
        pytest.param({"after": str(2**63)}, "after", id="past 64 bits"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, object], field: str) -> None:
    """A page that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        read_listing(fields)
    assert raised.value.field == field
