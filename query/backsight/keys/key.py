"""Keys as they are told, and whom they speak for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from backsight.errors import Refused
from backsight.store import StoredKey

SCOPES: Final = ("read", "define", "admin")
"""What a secret key may do: ask; change named events; change keys and identity, read the audit trail. Each
includes those before it.
"""
OF_LINKS: Final = "link"
"""The one scope of a link's token, which no secret key has: the answer of the saved report that it shares."""
_MOMENTS: Final = ("created", "revoked", "expires", "last_used")


@dataclass(frozen=True)
class Principal:
    """Who is asking: the site that the key belongs to and everything that it may do."""

    site: str
    scopes: frozenset[str]
    key_id: str
    origin: str | None = None
    """Of the pages that may use it, where it is a definer's token: then it may do what pages may, no more."""
    expires: datetime | None = None
    report: str | None = None
    """The saved report that it opens, where it is a link's token: that and nothing else."""

    def require(self, scope: str) -> None:
        """Raises Refused where the key has no such scope."""
        if scope in self.scopes:
            return
        message = f"key {self.key_id} may not do this: it has no scope {scope!r}."
        valid = f"a secret key made with --scope {scope}"
        if self.report is not None:
            message = "the token of a link opens the report that it shares, and nothing else."
        elif scope == OF_LINKS:
            valid = "the token of a link, rt_…; or with a secret key GET /v1/saved/{name}/answer"
        raise Refused(message, field="key", value=self.key_id, valid=valid)


@dataclass(frozen=True)
class Key:
    """A key as it may be listed. `shown` is the key itself, for write keys only."""

    key_id: str
    site: str
    kind: str
    shown: str | None
    scopes: tuple[str, ...]
    label: str
    created: datetime
    revoked: datetime | None
    origin: str | None = None
    """Of a definer's token: the origin of the pages that may use it."""
    expires: datetime | None = None
    maker: str | None = None
    """The id of the key that made it, or who did on the machine."""
    origins: tuple[str, ...] = ()
    """Of a write key: whose pages may send with it; all, where there are none."""
    events_per_second: float | None = None
    """Of a write key; None: as the server is set."""
    pages_only: bool = False
    """Of a write key: whether servers, which send no origin, may not."""
    last_used: datetime | None = None
    """The hour in which it was used last, as far as that was noted."""
    report: str | None = None
    """Of a link's token: the saved report that it opens."""

    def is_live(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked is None and (self.expires is None or self.expires > now)

    def to_json(self) -> dict[str, Any]:
        """The key as the API lists it."""
        told = {name: at and at.isoformat() for name in _MOMENTS for at in [getattr(self, name)]}
        return {
            "key_id": self.key_id, "site": self.site, "kind": self.kind, "key": self.shown,
            "scopes": list(self.scopes), "label": self.label, "origin": self.origin,
            "origins": list(self.origins), "events_per_second": self.events_per_second,
            "pages_only": self.pages_only, "maker": self.maker, "report": self.report, **told,
        }  # fmt: skip

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The key of which the API told."""
        told = {"report": None, **told}  # which an earlier server does not tell
        known = {field: told[field] for field in cls.__dataclass_fields__ if field != "shown"}
        moments = {name: told[name] and datetime.fromisoformat(told[name]) for name in _MOMENTS}
        lists = {"scopes": tuple(told["scopes"]), "origins": tuple(told["origins"])}
        return cls(**{**known, **moments, **lists, "shown": told["key"]})


@dataclass(frozen=True)
class NewKey:
    """A key that was just made. `key` is the key itself; of a secret this is the only time."""

    key_id: str
    key: str


def hour_of(at: datetime) -> datetime:
    """The hour in which a moment lies: as finely as uses of keys are noted."""
    return at.replace(minute=0, second=0, microsecond=0)


def listed(key: StoredKey) -> Key:
    return Key(
        key.key_id, key.site, key.kind, key.shown, key.scopes, key.label, key.created, key.revoked,
        key.origin, key.expires, key.maker, key.origins, key.events_per_second, key.pages_only, key.last_used,
        key.report,
    )  # fmt: skip


def implied(scopes: Collection[str]) -> frozenset[str]:
    highest = max((SCOPES.index(scope) for scope in scopes if scope in SCOPES), default=-1)
    return frozenset(SCOPES[: highest + 1])
