"""Ready-made rules: what people mean by a rage click, a dead click, a click that broke something.

    import backsight as bs
    site.define("Rage click", rules=bs.ready.rage_click())
    site.preview(rules=bs.ready.dead_click(after="2.5s"))

Nothing of this is decided when clicks are captured: each is a rule like any other, over all of history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from backsight.contract import WATCHED_MS
from backsight.fields import refuse
from backsight.rules.bursts import parse_rage, rage_to_json, read_span, span_text

Json = dict[str, object]

UNSEEN: Final = "[download], [href^='mailto:' i], [href^='tel:' i], [href^='sms:' i]"
"""Links of which no page sees what they do: a file is saved, another program opens."""
INPUTS: Final = ", ".join(f"[type='{kind}' i]" for kind in ("button", "submit", "reset", "image", "checkbox"))
ROLES: Final = ", ".join(
    f"[role='{role}' i]" for role in ("button", "link", "tab", "switch", "checkbox", "menuitem", "option")
)
ANSWERING: Final = f"a[href]:not({UNSEEN}), button, summary, input:is({INPUTS}), :is({ROLES})"
"""Elements of which a click should do something that the page shows at once.

Fields for typing are none: a click may only place the caret. Nor are a `select` and inputs that open a window
of the browser's own, which no page sees, nor a radio button, which may be chosen already.
"""


class Ready(NamedTuple):
    """A ready-made rule: what `make` gives, unless it is told otherwise."""

    title: str
    description: str
    make: Callable[[], Json]


def rage_click(clicks: int = 3, within: str = "1s", radius: int = 30) -> Json:
    """So many clicks in one place, one after the other: none farther than `radius` CSS pixels from the first.

    `within` is the time from the first to the last. Raises InvalidRequest.
    """
    rage = parse_rage({"clicks": clicks, "within": within, "radius": radius}, "")
    return {"on": "click", "rage": rage_to_json(rage)}


def dead_click(after: str = "1s") -> Json:
    """A click on a button, a link or the like without any effect until so long `after` it.

    Effects are a change of the DOM or of a control, another address or page, scrolling, and a moved focus. Of
    clicks that were watched for a shorter time (the next click came before, or the page's end), it holds of
    none. Raises InvalidRequest.
    """
    limit = _watched(after, "after")
    nothing = [
        {"property": "watched_ms", "op": "gte", "value": limit},
        {"property": "effect_ms", "op": "is_not_set"},
    ]
    late = {"property": "effect_ms", "op": "gt", "value": limit}
    return {"on": "click", "css": ANSWERING, "where": [{"any": [{"all": nothing}, late]}]}


def error_click(within: str = "1s") -> Json:
    """A click that an uncaught error followed, within so long. Raises InvalidRequest."""
    limit = _watched(within, "within")
    return {"on": "click", "where": [{"property": "error_ms", "op": "lte", "value": limit}]}


def _watched(span: str, field: str) -> int:
    """Milliseconds for which a click can be watched."""
    limit = read_span(span, field)
    if limit > WATCHED_MS:
        refuse("clicks are not watched for so long.", field, span, f"at most '{span_text(WATCHED_MS)}'")
    return limit


READY: Final = {
    "rage_click": Ready("Rage click", "Three clicks in one place within a second.", rage_click),
    "dead_click": Ready("Dead click", "A button, a link or the like did nothing for a second.", dead_click),
    "error_click": Ready("Error click", "An uncaught error within a second of a click.", error_click),
}
"""The ready-made rules by name."""


def ready_rules() -> list[Json]:
    """What there is: `name`, `title`, `description` and `rule` of each."""
    return [
        {"name": name, "title": each.title, "description": each.description, "rule": each.make()}
        for name, each in READY.items()
    ]
