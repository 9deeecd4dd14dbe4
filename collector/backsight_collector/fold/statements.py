"""What events say about who is who: rows of `statements`."""

from __future__ import annotations

import pyarrow as pa

from backsight.contract import STATEMENTS, EventType, StatementKind, id64
from backsight_collector.fold.known import MASK, KnownIds
from backsight_collector.fold.rows import BatchFacts, microseconds, to_json
from backsight_collector.journal.records import Revocation
from backsight_collector.wire import Batch, Event


class KnownPairs:
    """Devices and users that some statement has put together, revoked or not: what was once revoked is not
    observed again."""

    def __init__(self) -> None:
        self._keys = KnownIds()

    def add(self, site: str, device: int, user: int) -> bool:
        """Whether the pair is new; it no longer is from then on."""
        key = id64("pair", site, device, user)
        if self._keys.check(key) is not None:
            return False
        self._keys.add(key)
        return True

    def load(self, rows: pa.Table) -> None:
        """Takes note of the pairs of stored statements."""
        pairing = {StatementKind.IDENTIFY, StatementKind.OBSERVED}
        for row in rows.select(["site", "kind", "device", "user"]).to_pylist():
            if row["kind"] in pairing:
                self.add(row["site"], row["device"], row["user"])


class StatementRows:
    """The `statements` rows of one fold, as they gather; those in `stored` (ids) are left out."""

    def __init__(self, pairs: KnownPairs, stored: set[str] | None = None) -> None:
        self._pairs, self._stored = pairs, stored
        self._rows: list[dict[str, object]] = []

    def add(self, event: Event, batch: Batch, facts: BatchFacts, page: int) -> None:
        """What this event says, if it says anything that is not known."""
        if event.type is EventType.IDENTIFY and event.user is not None:
            user = id64("user", event.user)
            self._pairs.add(facts.site, facts.device, user)
            self._append(StatementKind.IDENTIFY, event, batch, facts, page, user, event.user)
            return
        if event.type is EventType.TRAITS:
            self._append(StatementKind.TRAITS, event, batch, facts, page, facts.user, batch.user)
        if facts.user is not None and self._pairs.add(facts.site, facts.device, facts.user):
            self._append(StatementKind.OBSERVED, event, batch, facts, page, facts.user, batch.user)

    def revoke(self, revocation: Revocation) -> None:
        self._rows.append(
            {
                "site": revocation.site,
                "statement_id": revocation.statement_id,
                "kind": StatementKind.REVOKE.value,
                "time": revocation.received_at,
                "received_at": revocation.received_at,
                "revokes": revocation.revokes,
            }
        )

    def table(self) -> pa.Table:
        """The rows, by the contract's schema."""
        return pa.Table.from_pylist(self._rows, schema=STATEMENTS)

    def _append(
        self,
        kind: StatementKind,
        event: Event,
        batch: Batch,
        facts: BatchFacts,
        page: int,
        user: int | None,
        user_id: str | None,
    ) -> None:
        key = statement_id(facts.site, page, event.seq, kind)
        if self._stored is not None:
            if key in self._stored:
                return
            self._stored.add(key)
        says = kind is not StatementKind.OBSERVED and event.traits is not None
        self._rows.append(
            {
                "site": facts.site,
                "statement_id": key,
                "kind": kind.value,
                "time": facts.corrected(microseconds(event.time)),
                "received_at": facts.received_at,
                "device": facts.device,
                "device_id": batch.device,
                "user": user,
                "user_id": user_id,
                "traits": to_json(event.traits) if says else None,
                "page": page,
                "sequence": event.seq,
            }
        )


def statement_id(site: str, page: int, sequence: int, kind: StatementKind) -> str:
    """The same for every replay of the same event."""
    return f"st_{id64('statement', site, page, sequence, kind.value) & MASK:016x}"
