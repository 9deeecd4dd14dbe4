"""Links that share one saved report with whoever has them: an address with a token in its fragment.

A fragment is never sent to a server, so a link stands in no access log; the page that it opens sends the
token as `Authorization`. It opens `GET /v1/shared`, which tells that report's answer, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from backsight.definer_links import origin_of
from backsight.errors import NotFound, nearest, shown
from backsight.fields import read_object, read_string, read_whole, refuse
from backsight.keys import Key, Keys
from backsight.saved_reports.saved import SavedReports
from backsight.saved_reports.shared import require_shareable

DAYS: Final = 30
"""How long a link lasts, where nothing else is asked for."""
MOST_DAYS: Final = 365
MAX_SERVER_CHARS: Final = 2_000

Json = dict[str, Any]


@dataclass(frozen=True)
class ShareLink:
    """A link to a saved report. `url` is told when it is made, and never again."""

    link_id: str
    report: str
    """The name of the saved report."""
    label: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None
    """The hour in which it was used last, as far as that was noted."""
    maker: str | None
    url: str | None = None

    def to_json(self) -> Json:
        """The link as the API shows it."""
        moments = ("created", "expires", "revoked", "last_used")
        return vars(self) | {name: at and at.isoformat() for name in moments for at in [getattr(self, name)]}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The link of which the API told."""
        moments = ("created", "expires", "revoked", "last_used")
        known = {name: told[name] for name in cls.__dataclass_fields__}
        return cls(
            **known | {name: at and datetime.fromisoformat(at) for name in moments for at in [told[name]]}
        )


@dataclass(frozen=True)
class LinkRequests:
    """What somebody may ask about the links of a site's saved reports. All raise NotFound for a report, or a
    link of it, that there is not.
    """

    keys: Keys
    saved: SavedReports
    actor: str
    server: str
    """The address at which the server is reached, for links that name no other."""
    until: datetime | None = None
    """When the key that asks ends: it makes no link without an end."""

    def create(self, name: str, body: object) -> Json:
        """A new link (`{"days", "label", "server"}`), with its `url`, this once. Raises InvalidRequest."""
        asked = read_object(body, "", ("days", "label", "server"))
        saved = self.saved.get(name)
        require_shareable(saved)
        server = _server(self.server if asked.get("server") is None else asked["server"])
        expires = self._expires(asked.get("days", DAYS))
        made = self.keys.create_link(
            self.saved.site, saved.name, self.actor, label=asked.get("label") or "", expires=expires
        )
        return {**_told(self.keys.find(made.key_id)).to_json(), "url": f"{server}/shared#{made.key}"}

    def list(self, name: str) -> Json:
        """The links of a saved report, oldest first, those that ended included: `{"links": [LINK]}`."""
        self.saved.get(name)
        return {"links": [_told(key).to_json() for key in self._of(name)]}

    def revoke(self, name: str, link_id: str) -> Json:
        """How many links were `revoked`: 1, or 0 where it had been before."""
        known = {key.key_id for key in self._of(name)}
        if link_id not in known:
            message = f"{shown(name)} has no link {shown(link_id)}."
            raise NotFound(message, field="link_id", value=link_id, valid=nearest(link_id, known))
        return {"revoked": self.keys.revoke(link_id, self.actor, self.saved.site)}

    def _of(self, name: str) -> Sequence[Key]:
        return [key for key in self.keys.list(self.saved.site, "report") if key.report == name]

    def _expires(self, days: object) -> datetime | None:
        if days is None:
            return self.until
        return datetime.now(UTC) + timedelta(days=read_whole(days, "days", 1, MOST_DAYS))


def _told(key: Key) -> ShareLink:
    return ShareLink(
        key.key_id,
        key.report or "",
        key.label,
        key.created,
        key.expires,
        key.revoked,
        key.last_used,
        key.maker,
    )


def _server(value: object) -> str:
    """The address of a server, without a slash at its end."""
    text = read_string(value, "server", MAX_SERVER_CHARS)
    origin = origin_of(text).removesuffix("/")
    path = text.partition("://")[2].partition("/")[2].strip("/")
    if any(mark in path for mark in "?#"):
        refuse(
            f"{shown(text)} is no address of a server.", "server", value, "such as 'https://stats.example'"
        )
    return f"{origin}/{path}" if path else origin
