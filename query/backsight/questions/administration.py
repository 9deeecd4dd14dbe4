"""Who may do what on a site, and who changed what, in Python: keys and the audit trail."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypedDict, Unpack

from backsight.requests import listed, without_none

if TYPE_CHECKING:
    from backsight.audit import AuditEntry
    from backsight.keys import Key, NewKey

Json = Mapping[str, Any]


class KeyDoor(Protocol):
    """Where requests about keys are taken: to the store, or to a server."""

    def list(self) -> Json: ...
    def create(self, body: object) -> Json: ...
    def change(self, key_id: str, body: object) -> Json: ...
    def rotate(self, key_id: str, body: object) -> Json: ...
    def revoke(self, key_id: str) -> Json: ...


class KeySettings(TypedDict, total=False):
    """What may be set of a key; of secret keys `label` and `expires`. None takes a bound away."""

    label: str
    expires: str | datetime | None
    """An instant, or `"90d"` from now."""
    origins: Sequence[str] | None
    """Whose pages may send with it, such as `https://shop.example` and `https://*.shop.example`."""
    events_per_second: float | None
    pages_only: bool
    """Refuses servers, which send no origin."""


class Revoked(NamedTuple):
    """What became of a key that was revoked."""

    keys: int
    """How many were revoked: it, and definer's tokens that it made; 0 where they had been before."""
    made: tuple[str, ...]
    """Ids of the keys that it made and that are live: to be looked at, where it was stolen."""


class SiteKeys:
    """The keys of a site. All methods raise Refused where the key that asks is no admin's, and NotFound and
    InvalidRequest that name the field.
    """

    def __init__(self, door: KeyDoor) -> None:
        self._door = door

    def list(self) -> Sequence[Key]:
        """All keys, oldest first, with revoked and expired ones."""
        from backsight.keys import Key

        return [Key.from_json(each) for each in self._door.list()["keys"]]

    def create(self, *scopes: str, **settings: Unpack[KeySettings]) -> NewKey:
        """A new write key; or, with scopes (`"read"`, `"define"`, `"admin"`), a secret one, told only now."""
        from backsight.keys import NewKey

        made = self._door.create({"scopes": list(scopes), **_plain(settings)})
        return NewKey(made["key_id"], made["key"])

    def set(self, key_id: str, **settings: Unpack[KeySettings]) -> Key:
        """Changes what is named, and gives the key as it then stands. Conflict for one that was revoked."""
        from backsight.keys import Key

        return Key.from_json(self._door.change(key_id, _plain(settings)))

    def rotate(self, key_id: str, days: int = 7, *, expires: str | datetime | None = None) -> NewKey:
        """A new key that opens the same as an old one, which ends in so many days (0: now)."""
        from backsight.keys import NewKey

        body = without_none({"days": days, **_plain({"expires": expires})})
        made = self._door.rotate(key_id, body)
        return NewKey(made["key_id"], made["key"])

    def revoke(self, key_id: str) -> Revoked:
        """Makes a key useless for good, and the definer's tokens that it made."""
        answer = self._door.revoke(key_id)
        return Revoked(int(answer["revoked"]), tuple(answer["made"]))


class Administration(ABC):
    """Who may do what, and who did."""

    @property
    def keys(self) -> SiteKeys:
        """The keys of the site; over HTTP for a key with scope `admin`."""
        return SiteKeys(self._key_door())

    def audit(
        self,
        since: str | date | None = None,
        *,
        action: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> list[AuditEntry]:
        """The newest lines of the audit trail, newest first: `since` a date, an instant or `"30d"`, of an
        `action` (`"key.revoke"`, or `"key"` for all about keys), `before` the line of that number.
        """
        from backsight.audit import entries

        moment = since.isoformat() if isinstance(since, date) else since
        asked = {"since": moment, "action": action, "limit": limit, "before": before}
        return entries(self._audit(without_none(asked)))

    @abstractmethod
    def _key_door(self) -> KeyDoor:
        """Where requests about keys go."""

    @abstractmethod
    def _audit(self, request: Json) -> Json:
        """The lines of the audit trail, as the API answers."""


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    plain = dict(settings)
    if isinstance(expires := plain.get("expires"), datetime):
        plain["expires"] = expires.isoformat()
    if "origins" in plain:
        plain["origins"] = listed(plain["origins"])
    return plain
