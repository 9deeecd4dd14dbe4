"""A raw event in a line that people read: when, who, what, where, on which element."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

LONGEST_TEXT: Final = 40
OWN: Final = ("step", "role", "attempt", "transition", "period", "value", "credit", "amount")
"""Columns that say as what an event counts."""

Event = Mapping[str, Any]


def event_row(event: Event) -> dict[str, str]:
    """The cells of an event, by their headers."""
    own = {name: _figure(event[name]) for name in OWN if name in event}
    return {
        **own,
        "time (UTC)": moment(event["time"]),
        "person": event["person"],
        "event": ", ".join(event.get("names") or [what(event)]),
        "page": event.get("path") or "",
        "element": element(event),
    }


def moment(time: str) -> str:
    """A time as people read it, in UTC."""
    return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M:%S")


def what(event: Event) -> str:
    """What happened: the type, and the name that code gave it."""
    name = event.get("name")
    return f"{event['type']} {name}" if name else str(event["type"])


def element(event: Event) -> str:
    """To which element, and what it says: `button#buy.primary "Add to basket"`."""
    said = event.get("text") or event.get("label") or ""
    said = said if len(said) <= LONGEST_TEXT else said[: LONGEST_TEXT - 1] + "…"
    return " ".join(part for part in (event.get("element") or "", f'"{said}"' if said else "") if part)


def _figure(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
