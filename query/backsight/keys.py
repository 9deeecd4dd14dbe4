"""Keys: who may write to a site, who may ask about it or change it, and who may define events on its pages.

A write key (`wk_…`) stands in every page of the site and can only write, so it is kept as it is. A secret
key (`sk_…`) is 160 random bits; only its SHA-256 is kept (no slow hash: there is nothing to guess).
Nobody can be shown it a second time. A definer's token (`dt_…`) is kept alike; it ends by itself, and opens
to pages of one origin what the definer needs.
"""

from __future__ import annotations

import hmac
import json
import math
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from backsight.contract import WriteKey
from backsight.errors import Conflict, InvalidRequest, NotFound, Refused, nearest, shown
from backsight.store import AuditLine, Store, StoredKey

SCOPES: Final = ("read", "define", "admin")
"""What a secret key may do: ask; change named events; change identity. Each includes those before it."""

WRITE_KEY: Final = re.compile(r"wk_[A-Za-z0-9_-]{8,64}")
SECRET_KEY: Final = re.compile(r"sk_[A-Za-z0-9_-]{24,128}")
DEFINER_TOKEN: Final = re.compile(r"dt_[A-Za-z0-9_-]{24,128}")
_SHAPES: Final = {"write": WRITE_KEY, "secret": SECRET_KEY}
_SHAPE_WORDS: Final = {
    "write": "wk_ and 8 to 64 letters, digits, - or _",
    "secret": "sk_ and 24 to 128 letters, digits, - or _",
}
_PREFIXES: Final = {"write": "wk_", "secret": "sk_", "definer": "dt_"}
_RANDOM_BYTES: Final = 20


@dataclass(frozen=True)
class Principal:
    """Who is asking: the site that the key belongs to and everything that it may do."""

    site: str
    scopes: frozenset[str]
    key_id: str
    origin: str | None = None
    """Of the pages that may use it, where it is a definer's token: then it may do what pages may, no more."""
    expires: datetime | None = None

    def require(self, scope: str) -> None:
        """Raises Refused where the key has no such scope."""
        if scope not in self.scopes:
            raise Refused(
                f"key {self.key_id} may not do this: it has no scope {scope!r}.",
                field="key",
                value=self.key_id,
                valid=f"a secret key made with --scope {scope}",
            )


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
    expires: datetime | None = None
    maker: str | None = None
    """All three of a definer's token; the maker is a key's id, or who made it on the machine."""


@dataclass(frozen=True)
class NewKey:
    """A key that was just made. `key` is the key itself; of a secret this is the only time."""

    key_id: str
    key: str


class Keys:
    """The keys of all sites in a store. Every change is an audit line."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_write(self, site: str, actor: str, label: str = "", key: str | None = None) -> NewKey:
        """A new write key for a site; random unless given. Raises NotFound, Conflict, InvalidRequest."""
        return self._create(site, "write", (), actor, label, key)

    def create_secret(
        self, site: str, scopes: Collection[str], actor: str, label: str = "", key: str | None = None
    ) -> NewKey:
        """A new secret key for a site; random unless given. Raises NotFound, Conflict, InvalidRequest."""
        return self._create(site, "secret", _checked_scopes(scopes), actor, label, key)

    def create_definer(self, site: str, origin: str, expires: datetime, actor: str) -> NewKey:
        """A new definer's token for pages of an origin of the site. Raises NotFound."""
        return self._create(site, "definer", ("define",), actor, "", None, origin, expires)

    def ensure(self, site: str, key: str, actor: str, label: str = "") -> None:
        """Keeps a key chosen by the deployment, where it is not kept yet; a secret one gets every scope.

        Raises Conflict where it was revoked or belongs to another site: neither is undone silently.
        """
        kind = "secret" if key.startswith("sk_") else "write"
        kept = self._store.key_with_digest(_digest(_checked(kind, key)))
        if kept is None:
            self._create(site, kind, SCOPES if kind == "secret" else (), actor, label, key)
        elif kept.revoked or kept.site != site:
            state = "was revoked" if kept.revoked else f"belongs to site {shown(kept.site)}"
            raise Conflict(
                f"key {kept.key_id} {state}.", field=f"{kind}_key", value=kept.key_id, valid="another key"
            )

    def list(self, site: str | None = None) -> list[Key]:
        """The keys of a site (or of all), oldest first, revoked ones included."""
        return [_listed(key) for key in self._store.keys_of(site)]

    def revoke(self, key_id: str, actor: str) -> int:
        """Makes a key useless from now on, and the definer's tokens that it made; says how many keys that
        were: a second time none. NotFound for an unknown one.
        """
        known = {key.key_id: key for key in self._store.keys_of()}
        if key_id not in known:
            valid = nearest(key_id, known)
            raise NotFound(f"there is no key {shown(key_id)}.", field="key_id", value=key_id, valid=valid)
        at = datetime.now(UTC)
        line = AuditLine(at, actor, "key.revoke", known[key_id].site, key_id)
        return self._store.revoke_key(key_id, at, line)

    def authenticate(self, secret: str) -> Principal:
        """Whom a secret key or a definer's token speaks for.

        Raises Refused for one that is unknown, revoked, expired or malformed, all alike.
        """
        if secret.startswith("dt_"):
            return self._definer(secret)
        kept = self._live(secret) if SECRET_KEY.fullmatch(secret) else None
        if kept is None or kept.kind != "secret":
            raise Refused("the secret key is unknown or revoked.", field="key", valid="a secret key, sk_…")
        return Principal(kept.site, _implied(kept.scopes), kept.key_id)

    def origin_of(self, token: str) -> str | None:
        """The origin of a definer's token that is kept, live or not: its page may read why it is refused."""
        kept = self._store.key_with_digest(_digest(token)) if DEFINER_TOKEN.fullmatch(token) else None
        return kept.origin if kept else None

    def has_origin(self, origin: str) -> bool:
        """Whether a definer's token for pages of this origin is kept, live or not."""
        return self._store.has_origin(origin)

    def prune(self, site: str, actor: str) -> int:
        """Forgets the site's definer's tokens that have expired, and says how many there were."""
        at = datetime.now(UTC)
        return self._store.prune_tokens(at, site, AuditLine(at, actor, "key.prune", site, site))

    def site_of(self, write_key: str) -> str | None:
        """The site that a write key writes to; None for an unknown or revoked one."""
        kept = self._live(write_key) if WRITE_KEY.fullmatch(write_key) else None
        return kept.site if kept and kept.kind == "write" else None

    def _live(self, key: str) -> StoredKey | None:
        digest = _digest(key)
        kept = self._store.key_with_digest(digest)
        # The look-up is by digest, of which timing tells nothing useful; the comparison is a second look.
        if kept is None or kept.revoked or not hmac.compare_digest(kept.digest, digest):
            return None
        return kept

    def _definer(self, token: str) -> Principal:
        kept = self._live(token) if DEFINER_TOKEN.fullmatch(token) else None
        if kept is None or kept.expires is None or kept.expires <= datetime.now(UTC):
            raise Refused(
                "the definer's token is unknown, expired or revoked.",
                field="key",
                valid="a new link, by `backsight define`",
            )
        return Principal(kept.site, _implied(kept.scopes), kept.key_id, kept.origin, kept.expires)

    def _create(
        self,
        site: str,
        kind: str,
        scopes: tuple[str, ...],
        actor: str,
        label: str,
        given: str | None,
        origin: str | None = None,
        expires: datetime | None = None,
    ) -> NewKey:
        made = _PREFIXES[kind] + secrets.token_hex(_RANDOM_BYTES)
        key = made if given is None else _checked(kind, given)
        key_id, at = "k_" + secrets.token_hex(6), datetime.now(UTC)
        public = key if kind == "write" else None
        detail = {"kind": kind, "scopes": list(scopes), "label": label}
        if origin is not None and expires is not None:
            detail |= {"origin": origin, "expires": expires.isoformat()}
        kept = StoredKey(
            key_id, site, kind, _digest(key), public, scopes, _checked_label(label), at,
            origin=origin, expires=expires, maker=actor if kind == "definer" else None,
        )  # fmt: skip
        self._store.add_key(kept, AuditLine(at, actor, "key.create", site, key_id, json.dumps(detail)))
        return NewKey(key_id, key)


class LiveWriteKeys:
    """Says what write keys open, for the collector, from memory, at most `seconds` behind the store.

    A key that is not known is looked up again at once, since it may have been made a moment ago; but however
    many unknown keys arrive, the store is asked no more often than every `miss_seconds`.
    """

    def __init__(
        self,
        keys: Keys,
        seconds: float = 1.0,
        miss_seconds: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys, self._clock = keys, clock
        self._seconds, self._miss_seconds = seconds, miss_seconds
        self._lock = threading.Lock()
        self._read_at = -math.inf
        self._open: dict[str, WriteKey] = {}

    def __call__(self, write_key: str) -> WriteKey | None:
        """What the key opens; None for an unknown or revoked one."""
        self._refresh(self._seconds)
        if write_key not in self._open:
            self._refresh(self._miss_seconds)
        return self._open.get(write_key)

    def _refresh(self, seconds: float) -> None:
        with self._lock:
            if self._clock() - self._read_at >= seconds:
                listed = self._keys.list()
                live = (key for key in listed if key.revoked is None)
                self._open = {key.shown: WriteKey(key.site) for key in live if key.shown}
                self._read_at = self._clock()


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _listed(key: StoredKey) -> Key:
    return Key(
        key.key_id, key.site, key.kind, key.shown, key.scopes, key.label, key.created, key.revoked,
        key.origin, key.expires, key.maker,
    )  # fmt: skip


def _implied(scopes: Collection[str]) -> frozenset[str]:
    highest = max((SCOPES.index(scope) for scope in scopes if scope in SCOPES), default=-1)
    return frozenset(SCOPES[: highest + 1])


def _checked(kind: str, key: str) -> str:
    if not _SHAPES[kind].fullmatch(key):
        # The value stays out of the message: it may be a secret with a slip of the pen.
        raise InvalidRequest(f"this is no {kind} key.", field=f"{kind}_key", valid=_SHAPE_WORDS[kind])
    return key


def _checked_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    for scope in scopes:
        if scope not in SCOPES:
            valid = nearest(scope, SCOPES)
            raise InvalidRequest(
                f"there is no scope {shown(scope)}.", field="scopes", value=scope, valid=valid
            )
    if not scopes:
        raise InvalidRequest("a secret key needs a scope.", field="scopes", value=[], valid=", ".join(SCOPES))
    return tuple(scope for scope in SCOPES if scope in scopes)


def _checked_label(label: str) -> str:
    if len(label) > 200 or not label.isprintable():
        raise InvalidRequest(
            "the label is too long or holds control characters.",
            field="label",
            value=label,
            valid="up to 200 characters",
        )
    return label
