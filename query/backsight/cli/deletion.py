"""Asks for deletions of persons: through the administrators' journal, whoever runs the committer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from backsight.cli.revocation import append_record
from backsight.deletions import read_persons, requested_line
from backsight.errors import NotFound, shown
from backsight.store import Store

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Preview = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What a deletion of `{"persons"}` would take away, and which of them are `unknown`."""


def request_deletion(
    data: Path, store: Store, site: str, body: Mapping[str, Any], actor: str, preview: Preview,
    watermark: datetime | None,
) -> str:  # fmt: skip
    """Makes durable that the persons of `{"persons": […]}` are to be deleted everywhere; the deletion's id.

    All that was received by now is deleted once a committer has met it; `watermark` is the newest moment in
    the lake, should clocks disagree. Raises NotFound where somebody is unknown, and Conflict where the
    administrators' journal stays locked.
    """
    from backsight_collector.journal.records import Deletion, encode_record

    persons = read_persons(body)
    if unknown := preview(body)["unknown"]:
        raise NotFound(
            f"there is no such person: {', '.join(map(shown, unknown[:3]))}"
            + (f" and {len(unknown) - 3} more." if len(unknown) > 3 else "."),
            field="persons", value=unknown[0], valid="persons who have events or statements",
        )  # fmt: skip
    deletion = "del_" + secrets.token_hex(8)
    newest = 0 if watermark is None else (watermark - _EPOCH) // timedelta(microseconds=1)
    until = max(time.time_ns() // 1_000, newest)
    record = Deletion(until, site, deletion, tuple(sorted({who.number for who in persons})))
    append_record(data / "journal" / "admin", encode_record(record))
    store.add_audit_line(requested_line(site, deletion, persons, until, actor, secrets.token_hex(16)))
    return deletion
