"""Keys, and the audit trail."""

from __future__ import annotations

from typing import Final

from backsight.api.schemas.parts import COUNT, TEXT, Schema, array, choice, full, nullable, obj, ref
from backsight.audit import LIMIT, MAX_ACTION_CHARS, MOST
from backsight.contract import ORIGIN
from backsight.keys import SCOPES
from backsight.keys.requests import MOST_ROTATION_DAYS, ROTATION_DAYS
from backsight.keys.settings import MAX_LABEL_CHARS, MOST_EVENTS, MOST_ORIGINS

_INSTANT: Final[Schema] = {**TEXT, "format": "date-time"}
_EXPIRES: Final[Schema] = nullable(
    {**TEXT, "description": "An instant to come (RFC 3339), or `90d` from now; null: never"}
)
_ORIGINS: Final[Schema] = array(
    {**TEXT, "pattern": f"^{ORIGIN.pattern}$"},
    maxItems=MOST_ORIGINS,
    description="Whose pages may send with it; `https://*.shop.example` are its subdomains. Empty: all",
)
_RATE: Final[Schema] = nullable(
    {
        "type": "number",
        "minimum": 1,
        "maximum": MOST_EVENTS,
        "description": "Most events that a write key may send, on average; null: as the server is set",
    }
)
_SETTINGS: Final[Schema] = {
    "label": nullable({**TEXT, "maxLength": MAX_LABEL_CHARS}),
    "expires": _EXPIRES,
    "origins": nullable(_ORIGINS),
    "events_per_second": _RATE,
    "pages_only": nullable({"type": "boolean", "description": "Refuse servers, which send no origin"}),
}

AUDIT: Final[Schema] = {
    "since": {**TEXT, "description": "A date, an instant (RFC 3339), or `30d` for 30 days ago"},
    "action": {
        **TEXT,
        "minLength": 1,
        "maxLength": MAX_ACTION_CHARS,
        "description": "Such as `key.revoke`, or `key` for all about keys",
    },
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT},
    "before": {"type": "integer", "minimum": 1, "description": "The `next` of the page before"},
}
"""What is asked of the audit trail."""

SCHEMAS: Final[dict[str, Schema]] = {
    "SiteOpened": full(
        {
            "site": TEXT,
            "scopes": array(choice(*SCOPES), description="Of the key that asks"),
            "expires": nullable(_INSTANT),
            "write_key": nullable({**TEXT, "description": "By which the site's pages send: the oldest"}),
        }
    ),
    "KeyRequest": obj(
        {
            "scopes": array(
                choice(*SCOPES), maxItems=len(SCOPES), description="Of a secret key; none: a write key"
            ),
            **_SETTINGS,
        }
    ),
    "KeyChange": obj(_SETTINGS, description="What is named is set; null takes a bound away"),
    "Rotation": obj(
        {
            "days": {
                "type": "integer",
                "minimum": 0,
                "maximum": MOST_ROTATION_DAYS,
                "default": ROTATION_DAYS,
                "description": "For which the old key still opens what it did",
            },
            "expires": _EXPIRES,
        }
    ),
    "Key": full(
        {
            "key_id": TEXT,
            "site": TEXT,
            "kind": choice("write", "secret", "definer", "report"),
            "key": nullable(
                {
                    **TEXT,
                    "description": "The key itself; of a secret one only when it is made",
                }
            ),
            "scopes": array(choice(*SCOPES)),
            "label": TEXT,
            "created": _INSTANT,
            "revoked": nullable(_INSTANT),
            "expires": nullable(_INSTANT),
            "last_used": nullable({**_INSTANT, "description": "The hour, as far as it was noted"}),
            "maker": nullable({**TEXT, "description": "The id of the key that made it, or who did"}),
            "origin": nullable({**TEXT, "description": "Of a definer's token"}),
            "report": nullable({**TEXT, "description": "Of a link's token: the saved report"}),
            "origins": array(TEXT),
            "events_per_second": nullable({"type": "number"}),
            "pages_only": {"type": "boolean"},
        }
    ),
    "Keys": full({"keys": array(ref("Key"))}),
    "RevokedKey": full(
        {
            "revoked": {**COUNT, "description": "Keys: this one, and the definer's tokens that it made"},
            "made": array(TEXT, description="Ids of the keys that it made and that are live"),
        }
    ),
    "AuditLine": full(
        {
            "number": {"type": "integer", "minimum": 1},
            "at": _INSTANT,
            "actor": {**TEXT, "description": "The id of a key, or who worked on the machine"},
            "action": TEXT,
            "site": TEXT,
            "subject": TEXT,
            "detail": {"type": "object"},
            "address": nullable({**TEXT, "description": "From where it was asked for"}),
            "digest": {**TEXT, "description": "Seals the line and all lines before it"},
        }
    ),
    "AuditTrail": full(
        {
            "lines": array(ref("AuditLine"), description="Newest first"),
            "next": nullable({"type": "integer", "description": "`before` of the next page"}),
        }
    ),
}
