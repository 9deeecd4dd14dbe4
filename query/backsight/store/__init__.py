"""What is known about sites besides their data: keys, audit lines, every version of named events, cohorts and
saved reports.

`Store` is the whole of what the domain (`named_events`, `cohorts`, `saved_reports`, `keys`, `sites`) asks of
a database; `SQLiteStore` answers it from one file. Every change comes with its audit line and stands or falls
with it.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

__all__ = [
    "STANDING",
    "Application",
    "AuditLine",
    "KeptLine",
    "Kind",
    "Managed",
    "Store",
    "StoredKey",
    "StoredSite",
    "StoredVersion",
    "coming_from",
    "local_actor",
]

Kind = Literal["event", "cohort", "report"]
"""What is defined under a name, version by version."""

STANDING: Final = -1
"""Expected of a change where any version will do, if only there is one."""

_address: ContextVar[str | None] = ContextVar("address", default=None)


@contextmanager
def coming_from(address: str | None) -> Iterator[None]:
    """The changes within are asked for from this network address: their audit lines say so."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


@dataclass(frozen=True)
class StoredSite:
    """A tracked property and when it was made known."""

    name: str
    created: datetime


@dataclass(frozen=True)
class StoredKey:
    """A key as it is kept: of a secret only the digest, of a (public) write key also its text."""

    key_id: str
    site: str
    kind: str
    """`write`, `secret`, `definer` or `report`."""
    digest: str
    """SHA-256 of the key, hexadecimal."""
    shown: str | None
    scopes: tuple[str, ...]
    label: str
    created: datetime
    revoked: datetime | None = None
    origin: str | None = None
    """Of a definer's token: the pages that may use it, as browsers write their origin."""
    expires: datetime | None = None
    """From then on it opens nothing; of a definer's token always."""
    maker: str | None = None
    """The id of the key that made it, or who did on this machine; None of keys from before that was kept."""
    origins: tuple[str, ...] = ()
    """Of a write key: whose pages may send with it, see `contract.ORIGIN`; all where it is empty."""
    events_per_second: float | None = None
    """Of a write key."""
    pages_only: bool = False
    """Of a write key: whether servers, which send no origin, are refused."""
    last_used: datetime | None = None
    """Within the hour."""
    report: str | None = None
    """Of the token of a link that shares a saved report: the name of that."""


@dataclass(frozen=True)
class StoredVersion:
    """One version of a named event, a cohort or a saved report; a deletion is a version too."""

    site: str
    name: str
    version: int
    definition: str
    """JSON: a list of rules, what a cohort asks, or a report and its request; empty where `deleted`."""
    description: str
    actor: str
    at: datetime
    deleted: bool = False
    kind: Kind = "event"
    members: bytes | None = None
    """Whom a static cohort lists; put with its version, read by `cohort_members` alone, as they are many."""


@dataclass(frozen=True)
class AuditLine:
    """Who did what to which thing, when. `detail` is a JSON object."""

    at: datetime
    actor: str
    action: str
    site: str
    subject: str
    detail: str = "{}"
    address: str | None = field(default_factory=_address.get)
    """The network address from which it was asked for; None on this machine."""


@dataclass(frozen=True)
class KeptLine(AuditLine):
    """An audit line as it stands: `digest` seals it and all lines before it."""

    number: int = 0
    digest: str = ""


@dataclass(frozen=True)
class Managed:
    """A name that a file defines, and the version of it that the file's last apply left."""

    kind: Kind
    name: str
    file: str
    version: int


@dataclass(frozen=True)
class Application:
    """What an apply of a file changes, all at once: versions, each with the one that it expects to stand (see
    `Store.add_version`), and names that the file manages no more.
    """

    site: str
    file: str
    versions: Sequence[tuple[StoredVersion, int]]
    released: Collection[tuple[Kind, str]]
    audit: AuditLine


def local_actor(door: str) -> str:
    """Who changes something from this machine, and by which door, as an audit line names them."""
    try:
        return f"{door}:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return door


class Store(Protocol):
    """The questions and changes that the domain needs; safe to share between threads and processes.

    Instants are aware, in UTC. A change is durable when its method returns.
    """

    def add_site(self, site: StoredSite, audit: AuditLine) -> bool:
        """Makes a site known; False (and no audit line) where it was known already."""
        ...

    def sites(self) -> list[StoredSite]:
        """All sites, by name."""
        ...

    def add_key(self, key: StoredKey, audit: AuditLine) -> None:
        """Keeps a new key. Raises NotFound for an unknown site, or a saved report that does not stand;
        Conflict where the key is kept already or its maker was revoked; InvalidRequest where the report has
        too many links.
        """
        ...

    def keys_of(self, site: str | None = None, kind: str | None = None) -> list[StoredKey]:
        """A site's keys (or every site's), of a kind (or of all), oldest first, revoked ones included."""
        ...

    def key_with_digest(self, digest: str) -> StoredKey | None:
        """The key of that digest, revoked or not."""
        ...

    def key_with_id(self, key_id: str) -> StoredKey | None:
        """The key of that id, revoked or not."""
        ...

    def change_key(
        self, key_id: str, change: Callable[[StoredKey], tuple[StoredKey, AuditLine] | None]
    ) -> None:
        """Sets what may be set of a key (label, expiry, origins, rate, for pages only) to what `change`
        gives, with its audit line; it is called within the transaction, and None leaves the key as it is.
        Raises Conflict where the key was revoked.
        """
        ...

    def rotate_key(self, old: StoredKey, new: StoredKey, audits: Collection[AuditLine]) -> None:
        """Keeps a new key and the end of the old one's time together. Raises as `add_key` does, and Conflict
        where the old one was revoked.
        """
        ...

    def note_use(self, key_ids: Collection[str], at: datetime) -> None:
        """Keeps when keys were last used."""
        ...

    def note_first_use(self, key_id: str, at: datetime, audit: AuditLine) -> bool:
        """Keeps that a key was used that never was before; False (and no audit line) where it was."""
        ...

    def revoke_key(self, key_id: str, at: datetime, audit: AuditLine) -> int:
        """Marks a key as revoked, with the definer's tokens that it made, and says how many keys that were;
        0 (and no audit line) where they already were, or it is not known.
        """
        ...

    def has_origin(self, origin: str) -> bool:
        """Whether a definer's token of that origin is kept, live or not."""
        ...

    def prune_tokens(self, expired_by: datetime, site: str, audit: AuditLine) -> int:
        """Forgets a site's tokens (of the definer, of links) that had expired by then, and says how many; no
        audit line for none.
        """
        ...

    def add_version(self, version: StoredVersion, expected: int | None = None) -> int:
        """Appends the next version of a name, with its audit line, and gives its number.

        `version.version` is not read. `expected` is the version that the caller saw (0: that there was none,
        or a deleted one; STANDING: that there was one); Conflict where another stands by now. A version that
        changes neither definition nor description nor members is not kept: the number of the present one
        comes back. The links of a saved report end with it. Raises NotFound for an unknown site, and for the
        deletion of what does not stand.
        """
        ...

    def current_versions(
        self, site: str, kind: Kind = "event", at: datetime | None = None
    ) -> list[StoredVersion]:
        """The latest version of every name (that was made by `at`), deletions left out, by name."""
        ...

    def versions(self, site: str, name: str, kind: Kind = "event") -> list[StoredVersion]:
        """Every version of a name, oldest first."""
        ...

    def apply(self, application: Application) -> list[int]:
        """Makes all changes of an application or none; the versions that then stand, in their order.

        The file manages the names of all versions that delete nothing, those that say nothing new included.
        Raises what `add_version` raises.
        """
        ...

    def managed(self, site: str) -> list[Managed]:
        """The names of a site that files manage, by kind and name, deleted since or not."""
        ...

    def changes_by(self, actor: str) -> int:
        """How many versions of names and cohorts an actor has made."""
        ...

    def cohort_members(self, site: str, name: str, version: int) -> bytes:
        """The members that were put with a version of a cohort; empty where it had none."""
        ...

    def forget_members(self, site: str, members: Collection[int]) -> int:
        """Takes these off the lists of all versions of a site's cohorts, for good; how many entries went."""
        ...

    def add_audit_line(self, audit: AuditLine) -> None:
        """Keeps the line of a change that was made elsewhere."""
        ...

    def audit_lines(
        self,
        site: str | None = None,
        limit: int = 100,
        *,
        since: datetime | None = None,
        action: str | None = None,
        before: int | None = None,
    ) -> list[KeptLine]:
        """The newest audit lines, newest first: of a site, `since` a moment, of an `action` (`key.create`, or
        `key` for all of them), `before` the line of that number.
        """
        ...

    def broken_lines(self) -> Iterator[KeptLine]:
        """The audit lines whose digest is not that of what they say and of the line before them, oldest
        first: what was changed, or stands where a line was taken out.
        """
        ...

    def close(self) -> None:
        """Lets go of the database; the store can't be used afterwards."""
        ...
