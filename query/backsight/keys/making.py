"""New keys, and the audit lines of keys that are made and changed."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from backsight.errors import InvalidRequest, nearest, shown
from backsight.keys.key import SCOPES
from backsight.keys.settings import settings_of
from backsight.store import AuditLine, StoredKey

WRITE_KEY: Final = re.compile(r"wk_[A-Za-z0-9_-]{8,64}")
SECRET_KEY: Final = re.compile(r"sk_[A-Za-z0-9_-]{24,128}")
DEFINER_TOKEN: Final = re.compile(r"dt_[A-Za-z0-9_-]{24,128}")
LINK_TOKEN: Final = re.compile(r"rt_[A-Za-z0-9_-]{24,128}")
_SHAPES: Final = {"write": WRITE_KEY, "secret": SECRET_KEY}
_SHAPE_WORDS: Final = {
    "write": "wk_ and 8 to 64 letters, digits, - or _",
    "secret": "sk_ and 24 to 128 letters, digits, - or _",
}
_PREFIXES: Final = {"write": "wk_", "secret": "sk_", "definer": "dt_", "report": "rt_"}
_RANDOM_BYTES: Final = 20


def new_key(
    site: str, kind: str, scopes: tuple[str, ...], actor: str, given: str | None = None
) -> tuple[StoredKey, str]:
    """A key as it will be kept, and the key itself: random unless given."""
    key = _PREFIXES[kind] + secrets.token_hex(_RANDOM_BYTES) if given is None else checked(kind, given)
    key_id, public = "k_" + secrets.token_hex(6), key if kind == "write" else None
    stored = StoredKey(key_id, site, kind, digest_of(key), public, scopes, "", datetime.now(UTC), maker=actor)
    return stored, key


def made_line(key: StoredKey, actor: str, **more: str) -> AuditLine:
    detail: dict[str, Any] = {"kind": key.kind, "scopes": list(key.scopes), **settings_of(key), **more}
    if key.origin is not None:
        detail["origin"] = key.origin
    if key.report is not None:
        detail["report"] = key.report
    return AuditLine(key.created, actor, "key.create", key.site, key.key_id, json.dumps(detail))


def changed_line(action: str, actor: str, before: StoredKey, after: StoredKey) -> AuditLine:
    detail = {"before": settings_of(before), "after": settings_of(after)}
    return AuditLine(datetime.now(UTC), actor, action, before.site, before.key_id, json.dumps(detail))


def require_changeable(key: StoredKey) -> None:
    if key.kind in ("definer", "report"):
        raise InvalidRequest(
            "the token of a link is never changed.", field="key_id", value=key.key_id, valid="a new link"
        )


def digest_of(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def checked(kind: str, key: str) -> str:
    if not _SHAPES[kind].fullmatch(key):
        # The value stays out of the message: it may be a secret with a slip of the pen.
        raise InvalidRequest(f"this is no {kind} key.", field=f"{kind}_key", valid=_SHAPE_WORDS[kind])
    return key


def checked_scopes(scopes: Collection[str]) -> tuple[str, ...]:
    for scope in scopes:
        if scope not in SCOPES:
            valid = nearest(scope, SCOPES)
            raise InvalidRequest(
                f"there is no scope {shown(scope)}.", field="scopes", value=scope, valid=valid
            )
    if not scopes:
        raise InvalidRequest("a secret key needs a scope.", field="scopes", value=[], valid=", ".join(SCOPES))
    return tuple(scope for scope in SCOPES if scope in scopes)
