"""Keys of one site as the HTTP API administers them: requests and answers are JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backsight.errors import InvalidRequest
from backsight.fields import read_list, read_object, read_whole
from backsight.keys.keys import Keys
from backsight.keys.settings import SETTINGS, read_expiry

Json = Mapping[str, Any]
ROTATION_DAYS: Final = 7
"""For how long the old key still opens what it did, where nothing else is asked for."""
MOST_ROTATION_DAYS: Final = 365


@dataclass(frozen=True)
class KeyRequests:
    """What somebody may ask about the keys of a site. All raise what `Keys` raises."""

    keys: Keys
    site: str | None
    """None: of every site, for who works on the data folder itself; to create, one has to be named."""
    actor: str
    until: datetime | None = None
    """When the key that asks ends: it makes none that lasts longer."""

    def list(self) -> Json:
        """The keys, oldest first: `{"keys": [KEY]}`."""
        return {"keys": [key.to_json() for key in self.keys.list(self.site)]}

    def create(self, body: object) -> Json:
        """A new key, with `scopes` a secret one; `key` is the key itself, this once."""
        asked = dict(read_object(body, "", ("scopes", *SETTINGS)))
        scopes = [] if asked.get("scopes") is None else read_list(asked["scopes"], "scopes", 3, 0)
        asked.pop("scopes", None)
        if self.site is None:
            raise InvalidRequest("a key belongs to a site.", field="site", valid="the name of one")
        if scopes:
            texts = [scope if isinstance(scope, str) else repr(scope) for scope in scopes]
            made = self.keys.create_secret(self.site, texts, self.actor, settings=asked, until=self.until)
        else:
            made = self.keys.create_write(self.site, self.actor, settings=asked, until=self.until)
        return {**self.keys.find(made.key_id).to_json(), "key": made.key}

    def change(self, key_id: str, body: object) -> Json:
        """Sets what the body names; null takes a bound away. The key as it then stands."""
        asked = read_object(body, "", SETTINGS)
        changed = self.keys.change(key_id, asked, self.actor, site=self.site, until=self.until)
        return changed.to_json()

    def rotate(self, key_id: str, body: object) -> Json:
        """A new key, told in `key`, that opens the same and `expires`; the old one ends in `days`."""
        asked = read_object(body, "", ("days", "expires"))
        given = asked.get("days")
        days = ROTATION_DAYS if given is None else read_whole(given, "days", 0, MOST_ROTATION_DAYS)
        expires = read_expiry(asked.get("expires"))
        made = self.keys.rotate(key_id, days, self.actor, expires=expires, site=self.site, until=self.until)
        return {**self.keys.find(made.key_id).to_json(), "key": made.key}

    def revoke(self, key_id: str) -> Json:
        """How many were `revoked`: it, and definer's tokens that it made; which live keys it `made`."""
        revoked = self.keys.revoke(key_id, self.actor, self.site)
        return {"revoked": revoked, "made": [key.key_id for key in self.keys.made_by(key_id)]}
