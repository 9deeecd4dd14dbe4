"""What may be set of a key, and changed without a new one: its label, its end, and of a write key whose pages
may send with it, how much, and whether servers may too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from backsight.contract import ORIGIN
from backsight.errors import Refused, shown
from backsight.fields import check_text, read_flag, read_list, refuse
from backsight.store import StoredKey

SETTINGS: Final = ("label", "expires", "origins", "events_per_second", "pages_only")
OF_WRITE_KEYS: Final = frozenset({"origins", "events_per_second", "pages_only"})
MOST_ORIGINS: Final = 100
MOST_EVENTS: Final = 1_000_000_000
MAX_LABEL_CHARS: Final = 200

_DURATION: Final = re.compile(r"([1-9][0-9]{0,3})d")
_MOMENTS: Final = (
    "an instant to come, such as '2027-01-31T00:00:00Z', or '90d' for in 90 days; null for never"
)


def with_settings(key: StoredKey, asked: Mapping[str, Any]) -> StoredKey:
    """The key with what is asked for, checked; what is not named stays. Null takes a bound away.

    Raises InvalidRequest, naming the field.
    """
    for name in asked:
        if name in OF_WRITE_KEYS and key.kind != "write":
            refuse("this is a setting of write keys.", name, asked[name], "'label' and 'expires'")
    return replace(key, **{name: _READERS[name](value, name) for name, value in asked.items()})


def settings_of(key: StoredKey) -> dict[str, Any]:
    """What is set of a key, as JSON."""
    own = {"label": key.label, "expires": key.expires and key.expires.isoformat()}
    if key.kind != "write":
        return own
    return own | {
        "origins": list(key.origins),
        "events_per_second": key.events_per_second,
        "pages_only": key.pages_only,
    }


def require_within(expires: datetime | None, until: datetime | None) -> None:
    """Raises Refused where a key that ends would make or change one that ends later."""
    if until is not None and (expires is None or expires > until):
        raise Refused(
            "the key that asks for this ends before that.",
            field="expires",
            value=expires and expires.isoformat(),
            valid=f"at the latest {until.isoformat()}; or a key that lasts longer",
        )


def read_expiry(value: object, field: str = "expires") -> datetime | None:
    """When a key ends: an instant to come, or `90d` from now; None: never."""
    if value is None:
        return None
    now = datetime.now(UTC)
    if isinstance(value, str) and (days := _DURATION.fullmatch(value)):
        return now + timedelta(days=int(days[1]))
    at = _instant(value)
    if at is None:
        refuse(f"{shown(value)} is no moment.", field, value, _MOMENTS)
    if at <= now:
        refuse(f"{shown(value)} is over.", field, value, _MOMENTS)
    return at


def read_label(value: object, field: str = "label") -> str:
    """What a key is for; may be empty."""
    if not isinstance(value, str):
        refuse(f"{shown(value)} is not a string.", field, value, "a string")
    if len(value) > MAX_LABEL_CHARS or not value.isprintable():
        valid = f"up to {MAX_LABEL_CHARS} characters"
        refuse("the label is too long or holds control characters.", field, value, valid)
    return value


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _read_origins(value: object, field: str) -> tuple[str, ...]:
    listed = [] if value is None else read_list(value, field, MOST_ORIGINS, 0)
    return tuple(sorted({_origin(each, f"{field}[{index}]") for index, each in enumerate(listed)}))


def _origin(value: object, field: str) -> str:
    if not isinstance(value, str) or not ORIGIN.fullmatch(check_text(value, field)):
        valid = "as browsers write it: 'https://shop.example', or 'https://*.shop.example' for its subdomains"
        refuse(f"{shown(value)} is no origin.", field, value, valid)
    return value


def _read_rate(value: Any, field: str) -> float | None:
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 1 <= value <= MOST_EVENTS:
        valid = f"1 to {MOST_EVENTS:,}; null: as the server is set"
        refuse(f"{shown(value)} is no rate.", field, value, valid)
    return float(value)


_READERS: Final[Mapping[str, Any]] = {
    "label": lambda value, field: read_label("" if value is None else value, field),
    "expires": read_expiry,
    "origins": _read_origins,
    "events_per_second": _read_rate,
    "pages_only": lambda value, field: read_flag(False if value is None else value, field),
}
