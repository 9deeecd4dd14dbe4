"""The audit trail: who changed what, when and from where, as it is asked for and told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from backsight.errors import InvalidRequest
from backsight.fields import read_object, read_string, read_whole
from backsight.scan.moments import read_range
from backsight.store import KeptLine, Store

LIMIT: Final = 100
MOST: Final = 1_000
MAX_ACTION_CHARS: Final = 100
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True)
class AuditEntry:
    """One line of the audit trail. `detail` depends on the action (docs/reference/security.md)."""

    number: int
    """Counted over all sites of the server, from 1."""
    at: datetime
    actor: str
    """The id of a key; `cli:ada` for who worked on the machine; `start` for the server's first start."""
    action: str
    site: str
    subject: str
    detail: Mapping[str, Any]
    address: str | None
    """The network address from which it was asked for; None for what was done on the machine."""
    digest: str
    """Seals this line and all before it: whoever keeps it can tell later that they stand as they did."""

    def to_json(self) -> dict[str, Any]:
        """The line as the API tells it."""
        return {**vars(self), "at": self.at.isoformat()}


def read_audit(store: Store, site: str | None, request: object) -> dict[str, Any]:
    """The newest lines, newest first: `{"lines": [LINE], "next": NUMBER | null}`.

    The request has `since`, `action`, `limit` and `before` (the `next` of the page before). Raises
    InvalidRequest.
    """
    asked = read_object(request, "", ("since", "action", "limit", "before"))
    limit = read_whole(asked.get("limit", LIMIT), "limit", 1, MOST)
    lines = store.audit_lines(
        site, limit + 1, since=_since(asked), action=_action(asked), before=_before(asked)
    )
    told = [entry_of(line) for line in lines[:limit]]
    return {
        "lines": [entry.to_json() for entry in told],
        "next": told[-1].number if len(lines) > limit else None,
    }


def entry_of(line: KeptLine) -> AuditEntry:
    """A line as it is told."""
    detail = json.loads(line.detail)
    return AuditEntry(
        line.number, line.at, line.actor, line.action, line.site, line.subject, detail, line.address,
        line.digest,
    )  # fmt: skip


def entries(answer: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[AuditEntry]:
    """The lines of an answer of the API."""
    names = AuditEntry.__dataclass_fields__
    lines = [{name: line[name] for name in names} for line in answer["lines"]]
    return [AuditEntry(**{**line, "at": datetime.fromisoformat(line["at"])}) for line in lines]


def _since(asked: Mapping[str, object]) -> datetime | None:
    if asked.get("since") is None:
        return None
    try:
        return read_range({"from": asked["since"]}, _UTC, datetime.now(UTC)).first
    except InvalidRequest as error:
        raise InvalidRequest(error.message, field="since", value=error.value, valid=error.valid) from error


def _action(asked: Mapping[str, object]) -> str | None:
    action = asked.get("action")
    return None if action is None else read_string(action, "action", MAX_ACTION_CHARS)


def _before(asked: Mapping[str, object]) -> int | None:
    before = asked.get("before")
    return None if before is None else read_whole(before, "before", 1, 2**53)
