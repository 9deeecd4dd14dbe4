"""Identity statements as they are listed, and what can be revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from backsight.contract import STATEMENTS, id64
from backsight.errors import NotFound
from backsight.statements import list_statements, require_statement

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


class Statements:
    """A snapshot that holds these statements, one a minute, in an order of no meaning."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        made = [self._row(minute, **row) for minute, row in enumerate(rows)]
        self._rows = pa.Table.from_pylist(made[::-1], schema=STATEMENTS)

    def rows(self, table: str) -> pa.Table:
        assert table == "statements"
        return self._rows

    @staticmethod
    def _row(
        minute: int, device: str | None = None, user: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        at = BEGAN + timedelta(minutes=minute)
        ids = {"device": device and id64("device", device), "user": user and id64("user", user)}
        return {"site": "shop", "kind": "identify", "time": at, "received_at": at, "device_id": device,
                "user_id": user, **ids, **fields}  # fmt: skip


def revoke(statement_id: str, revokes: str) -> dict[str, Any]:
    return {"kind": "revoke", "statement_id": statement_id, "revokes": revokes}


SAID = Statements(
    {"statement_id": "st_1", "device": "phone", "user": "ada"},
    {"statement_id": "st_2", "device": "desk", "user": "ada", "traits": '{"plan": "pro"}'},
    {"statement_id": "st_3", "device": "desk", "user": "bob", "kind": "observed"},
    revoke("st_4", "st_1"),
    revoke("st_5", "st_2"),
    revoke("st_6", "st_5"),
)


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        ({}, ["st_1", "st_2", "st_3", "st_4", "st_5", "st_6"]),
        ({"device": "phone"}, ["st_1", "st_4"]),
        ({"device": "desk"}, ["st_2", "st_3", "st_5", "st_6"]),
        ({"user": "bob"}, ["st_3"]),
        ({"user": "bob", "device": "phone"}, ["st_1", "st_3", "st_4"]),
        ({"user": "nobody"}, []),
    ],
)
def test_statements_come_in_order_with_their_revocations(wanted: dict[str, str], listed: list[str]) -> None:
    """Those about a device or a user are listed oldest first, with every revocation of them and of those."""
    assert [each["statement_id"] for each in list_statements(SAID, **wanted)] == listed  # type: ignore[arg-type]


def test_a_revocation_that_is_revoked_restores_what_it_took() -> None:
    """Each statement says whether it holds by now."""
    holds = {each["statement_id"]: each["holds"] for each in list_statements(SAID)}  # type: ignore[arg-type]
    assert holds == {"st_1": False, "st_2": True, "st_3": True, "st_4": True, "st_5": False, "st_6": True}


def test_a_statement_is_shown_with_the_site_s_own_ids() -> None:
    """Devices and users bear the ids that the site gave them, traits are an object, times RFC 3339."""
    assert list_statements(SAID)[1] == {  # type: ignore[arg-type]
        "statement_id": "st_2",
        "kind": "identify",
        "time": "2026-11-01T00:01:00+00:00",
        "device": "desk",
        "user": "ada",
        "traits": {"plan": "pro"},
        "revokes": None,
        "holds": True,
    }


def test_an_unknown_statement_is_named_with_the_nearest() -> None:
    """What is not there can't be revoked; what is, can, revocations included."""
    assert require_statement(SAID, "st_4") == "st_4"  # type: ignore[arg-type]
    with pytest.raises(NotFound, match=r"there is no statement 'st_9'.* Valid: "):
        require_statement(SAID, "st_9")  # type: ignore[arg-type]
