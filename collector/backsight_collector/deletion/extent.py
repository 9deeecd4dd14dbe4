"""Which devices and users a deletion of persons covers.

Who is a person's is decided by the statements received up to the deletion's moment, by the rule of reports
(docs/explanation/persons.md): an event belongs to its own user where the pair is live, else to the first live
user of its device, else to the device. So of a device that several share, only the person's own rows go.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import StatementKind, voided

COLUMNS: Final = ("statement_id", "kind", "time", "page", "sequence", "device", "user", "revokes")
"""Of `statements`, what `resolve` reads."""
PAIRING: Final = (StatementKind.IDENTIFY.value, StatementKind.OBSERVED.value)

Int64s = npt.NDArray[np.int64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Extent:
    """What a deletion covers of one site: numbers of devices and users, and pairs of the two."""

    site: str
    until: int
    """What was received later (µs since 1970) is not covered: who comes back is a new person."""
    devices: frozenset[int]
    """Whose rows go, but those of `kept` pairs."""
    users: frozenset[int]
    """The persons' own numbers: no row may bear one any more."""
    kept: frozenset[Pair]
    """Live pairs of these devices with users who stay."""
    pairs: frozenset[Pair]
    """Live pairs of these users with devices whose first user stays."""

    def covers(self, device: int | None, user: int | None) -> bool:
        """Whether a row of this device and user is one of the persons'."""
        if device in self.devices:
            return (device, user) not in self.kept
        return (device, user) in self.pairs

    def to_json(self) -> dict[str, Any]:
        """As it stands in a deletion's document."""
        return {
            "site": self.site,
            "until": self.until,
            "devices": sorted(self.devices),
            "users": sorted(self.users),
            "kept": sorted(self.kept),
            "pairs": sorted(self.pairs),
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Extent:
        """What `to_json` gave."""
        kept, pairs = (frozenset((device, user) for device, user in said[name]) for name in ("kept", "pairs"))
        return cls(
            said["site"], said["until"], frozenset(said["devices"]), frozenset(said["users"]), kept, pairs
        )


def resolve(site: str, until: int, persons: Collection[int], statements: pa.Table) -> Extent:
    """What belongs to `persons` (numbers of users or devices) by a site's `statements` of that moment.

    A device stands for the person behind it, its first live user, where it has one.
    """
    devices, users = _live_pairs(statements)
    known, at = np.unique(devices, return_index=True)
    first = users[at]
    number_of = dict(zip(known.tolist(), first.tolist(), strict=True))
    who = {number_of.get(person, person) for person in persons}
    asked = np.array(sorted(who), np.int64)
    own = {*known[np.isin(first, asked)].tolist(), *who}
    is_theirs = np.isin(users, asked)
    is_own = np.isin(devices, np.array(sorted(own), np.int64))
    return Extent(
        site,
        until,
        frozenset(own),
        frozenset(who),
        _pairs(devices, users, is_own & ~is_theirs),
        _pairs(devices, users, is_theirs & ~is_own),
    )


def _live_pairs(statements: pa.Table) -> tuple[Int64s, Int64s]:
    """Device and user of each statement that puts two together and holds, first said first."""
    is_revoking = pc.equal(statements["kind"], StatementKind.REVOKE.value)
    revoking = statements.filter(pc.and_(is_revoking, pc.is_valid(statements["revokes"])))
    lines = zip(revoking["statement_id"].to_pylist(), revoking["revokes"].to_pylist(), strict=True)
    void = pa.array(sorted(voided(lines)), pa.string())
    pairing = pc.is_in(statements["kind"], pa.array(PAIRING))
    whole = pc.and_(pc.is_valid(statements["device"]), pc.is_valid(statements["user"]))
    holds = pc.invert(pc.is_in(statements["statement_id"], void))
    said = statements.filter(pc.and_(pc.and_(pairing, whole), holds))
    order = [(name, "ascending") for name in ("time", "page", "sequence", "statement_id")]
    said = said.select([*(name for name, _ in order), "device", "user"]).sort_by(order)
    return said["device"].to_numpy(), said["user"].to_numpy()


def _pairs(devices: Int64s, users: Int64s, chosen: npt.NDArray[np.bool_]) -> frozenset[Pair]:
    return frozenset(zip(devices[chosen].tolist(), users[chosen].tolist(), strict=True))
