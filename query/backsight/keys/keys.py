"""The keys of all sites in a store: making, changing, revoking, and whom a key speaks for."""

from __future__ import annotations

import hmac
import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from backsight.errors import Conflict, Gone, NotFound, Refused, Unavailable, nearest, shown
from backsight.keys.key import OF_LINKS, SCOPES, Key, NewKey, Principal, hour_of, implied, listed
from backsight.keys.making import (
    DEFINER_TOKEN,
    LINK_TOKEN,
    SECRET_KEY,
    changed_line,
    checked,
    checked_scopes,
    digest_of,
    made_line,
    new_key,
    require_changeable,
)
from backsight.keys.settings import require_within, with_settings
from backsight.store import AuditLine, Store, StoredKey

_NOTHING: Final[Mapping[str, Any]] = {}


class Keys:
    """The keys of all sites in a store. Every change is an audit line."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_write(
        self,
        site: str,
        actor: str,
        label: str = "",
        key: str | None = None,
        *,
        settings: Mapping[str, Any] = _NOTHING,
        until: datetime | None = None,
    ) -> NewKey:
        """A new write key for a site; random unless given, with these `settings` (`key_settings.SETTINGS`).

        Raises NotFound, Conflict, InvalidRequest, and Refused where it would last longer than `until`.
        """
        return self._create(new_key(site, "write", (), actor, key), {"label": label, **settings}, until)

    def create_secret(
        self,
        site: str,
        scopes: Collection[str],
        actor: str,
        label: str = "",
        key: str | None = None,
        *,
        settings: Mapping[str, Any] = _NOTHING,
        until: datetime | None = None,
    ) -> NewKey:
        """A new secret key for a site; as `create_write`."""
        made = new_key(site, "secret", checked_scopes(scopes), actor, key)
        return self._create(made, {"label": label, **settings}, until)

    def create_definer(self, site: str, origin: str, expires: datetime, actor: str) -> NewKey:
        """A new definer's token for pages of an origin of the site. Raises NotFound."""
        stored, token = new_key(site, "definer", ("define",), actor)
        return self._create((replace(stored, origin=origin, expires=expires), token), {}, None)

    def create_link(
        self, site: str, report: str, actor: str, *, label: object = "", expires: datetime | None = None
    ) -> NewKey:
        """A new token for a link to a saved report of the site. Raises InvalidRequest, NotFound, Conflict."""
        stored, token = new_key(site, "report", (), actor)
        return self._create((replace(stored, report=report, expires=expires), token), {"label": label}, None)

    def ensure(self, site: str, key: str, actor: str, label: str = "") -> None:
        """Keeps a key chosen by the deployment, where it is not kept yet; a secret one gets every scope.

        Raises Conflict where it was revoked or belongs to another site: neither is undone silently.
        """
        kind = "secret" if key.startswith("sk_") else "write"
        kept = self._store.key_with_digest(digest_of(checked(kind, key)))
        if kept is None:
            scopes = SCOPES if kind == "secret" else ()
            self._create(new_key(site, kind, scopes, actor, key), {"label": label}, None)
        elif kept.revoked or kept.site != site:
            state = "was revoked" if kept.revoked else f"belongs to site {shown(kept.site)}"
            raise Conflict(
                f"key {kept.key_id} {state}.", field=f"{kind}_key", value=kept.key_id, valid="another key"
            )

    def list(self, site: str | None = None, kind: str | None = None) -> list[Key]:
        """The keys of a site (or of all), of a kind (or of all), oldest first, revoked ones included."""
        return [listed(key) for key in self._store.keys_of(site, kind)]

    def find(self, key_id: str, site: str | None = None) -> Key:
        """The key of that id (of a site). Raises NotFound, with the nearest."""
        return listed(self._found(key_id, site))

    def revoke(self, key_id: str, actor: str, site: str | None = None) -> int:
        """Makes a key useless from now on, and the definer's tokens that it made; says how many keys that
        were: a second time none. NotFound for an unknown one.
        """
        found, at = self._found(key_id, site), datetime.now(UTC)
        return self._store.revoke_key(key_id, at, AuditLine(at, actor, "key.revoke", found.site, key_id))

    def made_by(self, key_id: str) -> Sequence[Key]:
        """The live keys, no tokens, that a key made: what is to be looked at when it was stolen."""
        now = datetime.now(UTC)
        made = [key for key in self.list() if key.maker == key_id and key.kind != "definer"]
        return [key for key in made if key.is_live(now)]

    def change(
        self,
        key_id: str,
        settings: Mapping[str, Any],
        actor: str,
        *,
        site: str | None = None,
        until: datetime | None = None,
    ) -> Key:
        """Sets something of a key (of a site), and gives it as it then stands; the same again is no change.

        Raises NotFound, InvalidRequest, Conflict for one that was revoked, and Refused where it would last
        longer than `until`.
        """
        require_changeable(self._found(key_id, site))

        def change(kept: StoredKey) -> tuple[StoredKey, AuditLine] | None:
            changed = with_settings(kept, settings)
            if "expires" in settings:
                require_within(changed.expires, until)
            if changed == kept:
                return None
            return changed, changed_line("key.set", actor, kept, changed)

        self._store.change_key(key_id, change)
        return listed(self._found(key_id))

    def rotate(
        self,
        key_id: str,
        days: int,
        actor: str,
        *,
        expires: datetime | None = None,
        site: str | None = None,
        until: datetime | None = None,
    ) -> NewKey:
        """A new key in place of another, which opens the same and ends in so many days (0: now).

        Raises as `change` does.
        """
        old, now = self._found(key_id, site), datetime.now(UTC)
        require_changeable(old)
        require_within(expires, until)
        last = now + timedelta(days=days)
        ending = replace(old, expires=min(last, old.expires or last))
        stored, key = new_key(old.site, old.kind, old.scopes, actor)
        made = replace(
            stored, label=old.label, expires=expires, origins=old.origins, pages_only=old.pages_only,
            events_per_second=old.events_per_second,
        )  # fmt: skip
        lines = [made_line(made, actor, replaces=key_id), changed_line("key.set", actor, old, ending)]
        self._store.rotate_key(ending, made, lines)
        return NewKey(made.key_id, key)

    def authenticate(self, secret: str) -> Principal:
        """Whom a secret key, a definer's token or a link's token speaks for.

        Raises Refused for one that is unknown, revoked, expired or malformed, all alike; but Gone for a
        link's token that is known and opens nothing any more.
        """
        if secret.startswith("dt_"):
            return self._definer(secret)
        if secret.startswith("rt_"):
            return self._link(secret)
        kept = self._live(secret) if SECRET_KEY.fullmatch(secret) else None
        if kept is None or kept.kind != "secret":
            message = "the secret key is unknown, expired or revoked."
            raise Refused(message, field="key", valid="a secret key, sk_…")
        self._noted(kept)
        return Principal(kept.site, implied(kept.scopes), kept.key_id, expires=kept.expires)

    def origin_of(self, token: str) -> str | None:
        """The origin of a definer's token that is kept, live or not: its page may read why it is refused."""
        kept = self._store.key_with_digest(digest_of(token)) if DEFINER_TOKEN.fullmatch(token) else None
        return kept.origin if kept else None

    def has_origin(self, origin: str) -> bool:
        """Whether a definer's token for pages of this origin is kept, live or not."""
        return self._store.has_origin(origin)

    def prune(self, site: str, actor: str) -> int:
        """Forgets the site's tokens (of the definer, of links) that have expired, and says how many there
        were.
        """
        at = datetime.now(UTC)
        return self._store.prune_tokens(at, site, AuditLine(at, actor, "key.prune", site, site))

    def _live(self, key: str) -> StoredKey | None:
        digest = digest_of(key)
        kept = self._store.key_with_digest(digest)
        # The look-up is by digest, of which timing tells nothing useful; the comparison is a second look.
        if kept is None or kept.revoked or not hmac.compare_digest(kept.digest, digest):
            return None
        return None if kept.expires is not None and kept.expires <= datetime.now(UTC) else kept

    def note_use(self, key_ids: Collection[str]) -> None:
        """Keeps that keys were used in this hour, if that can be kept at present."""
        with suppress(Unavailable):
            self._store.note_use(key_ids, hour_of(datetime.now(UTC)))

    def _noted(self, kept: StoredKey) -> None:
        if kept.kind == "report" and kept.last_used is None:
            self._note_first_use(kept)
            return
        if kept.last_used is None or kept.last_used < hour_of(datetime.now(UTC)):
            self.note_use([kept.key_id])

    def _note_first_use(self, kept: StoredKey) -> None:
        now, detail = datetime.now(UTC), json.dumps({"report": kept.report})
        line = AuditLine(now, kept.key_id, "key.first_use", kept.site, kept.key_id, detail)
        with suppress(Unavailable):
            self._store.note_first_use(kept.key_id, hour_of(now), line)

    def _found(self, key_id: str, site: str | None = None) -> StoredKey:
        known = {key.key_id: key for key in self._store.keys_of(site)}
        if key_id not in known:
            valid = nearest(key_id, known)
            raise NotFound(f"there is no key {shown(key_id)}.", field="key_id", value=key_id, valid=valid)
        return known[key_id]

    def _definer(self, token: str) -> Principal:
        kept = self._live(token) if DEFINER_TOKEN.fullmatch(token) else None
        if kept is None or kept.kind != "definer":
            raise Refused(
                "the definer's token is unknown, expired or revoked.",
                field="key",
                valid="a new link, by `backsight define`",
            )
        self._noted(kept)
        return Principal(kept.site, implied(kept.scopes), kept.key_id, kept.origin, kept.expires)

    def _link(self, token: str) -> Principal:
        kept = self._store.key_with_digest(digest_of(token)) if LINK_TOKEN.fullmatch(token) else None
        if kept is None or kept.kind != "report":
            raise Refused("this link is unknown.", field="key", valid="the whole link, as it was given")
        if self._live(token) is None:
            raise Gone("this link has ended.", field="key", valid="a new link, of who shared this one")
        self._noted(kept)
        return Principal(
            kept.site, frozenset({OF_LINKS}), kept.key_id, expires=kept.expires, report=kept.report
        )

    def _create(
        self, new: tuple[StoredKey, str], settings: Mapping[str, Any], until: datetime | None
    ) -> NewKey:
        stored, key = with_settings(new[0], settings), new[1]
        require_within(stored.expires, until)
        self._store.add_key(stored, made_line(stored, stored.maker or ""))
        return NewKey(stored.key_id, key)
