"""The parts of CSS that a capture cannot answer, each with its reason."""

from __future__ import annotations

from typing import Final, NoReturn

from backsight.errors import UnsupportedSelector

_STATE: Final = "it depends on the page's state at that moment, which is not captured"
_POINTER: Final = "it depends on where pointer and focus were, which is not captured"
_HISTORY: Final = "it depends on what the visitor has visited, which is not captured"
_VALUE: Final = "it depends on what the visitor entered, which is never captured"
_LANGUAGE: Final = "it depends on the language or direction inherited from outside the captured attributes"
_CONTENT: Final = "it depends on what stands inside the element, which is not captured"

PSEUDO_CLASSES: Final = (
    dict.fromkeys("hover active focus focus-visible focus-within target target-within".split(), _POINTER)
    | dict.fromkeys("link visited any-link local-link".split(), _HISTORY)
    | dict.fromkeys(
        "checked indeterminate default enabled disabled read-only read-write required optional open modal "
        "popover-open fullscreen picture-in-picture playing paused muted seeking buffering stalled "
        "volume-locked defined state current past future autofill active-view-transition".split(),
        _STATE,
    )
    | dict.fromkeys(
        "valid invalid in-range out-of-range user-valid user-invalid placeholder-shown blank".split(), _VALUE
    )
    | dict.fromkeys(["lang", "dir"], _LANGUAGE)
    | dict.fromkeys(["empty", "has", "has-slotted"], _CONTENT)
    | {
        "scope": "a rule is matched against elements one by one and has no scope",
        "host-context": "it looks out of a shadow tree; write the outer selector as a rule of its own",
        "nth-col": "table columns are not captured",
        "nth-last-col": "table columns are not captured",
    }
)
"""Pseudo-classes that exist in browsers and are refused here, with the reason."""

COMBINATORS: Final = dict.fromkeys("+~", "it depends on an element's siblings, which are not captured") | {
    "||": "table columns are not captured"
}
"""Combinators that are refused."""

VALID: Final = (
    "types, ids, classes, captured attributes, descendant and child combinators, lists, :is() :where() "
    ":not() :root :host and positions such as :nth-child()"
)
"""What can be matched, in words."""


def refuse(part: str, reason: str, field: str, css: str, valid: str = VALID) -> NoReturn:
    """Raise UnsupportedSelector: what part of the selector, and why."""
    raise UnsupportedSelector(f"{part!r} can't be matched: {reason}.", field=field, value=css, valid=valid)
