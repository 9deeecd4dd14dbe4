"""What a token looks like: how long it is likely to last, judged before any data are looked at.

A prior and no more. Whoever writes class names by hand now and then writes one that looks generated, and a
generator's sometimes look hand-made; `stability` lets what was captured overrule it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from backsight.candidates.tokens import Token

Look = Literal["plain", "counted", "number", "generated", "state", "pointer", "style"]


@dataclass(frozen=True, slots=True)
class Looks:
    """A look, with the share of days on which something that looks so is expected to be there."""

    look: Look
    prior: float
    why: str


PLAIN: Final = Looks("plain", 0.85, "")
COUNTED: Final = Looks("counted", 0.6, "it ends in a counter")
NUMBER: Final = Looks("number", 0.35, "it is a number, as of a record")
GENERATED: Final = Looks("generated", 0.1, "it looks generated")
STATE: Final = Looks("state", 0.25, "it says in which state the element is")
POINTER: Final = Looks("pointer", 0.0, "it says where pointer or focus are")
STYLE: Final = Looks("style", 0.8, "it says how the element looks")

FRAMEWORKS: Final = re.compile(
    r":[rR][0-9a-zA-Z]*:.*|«[rR][0-9a-zA-Z]*».*|_[rR]_[0-9a-zA-Z]+_.*"  # React's useId, by version
    r"|radix-.*|headlessui-.*|react-aria-?[:\d].*|mui-\d+|:[a-z0-9]+:-.*"
    r"|css-[a-z0-9]{4,}(-.*)?|sc-[A-Za-z0-9]{4,}(-\d+)?|jsx-\d+|jss\d+|makeStyles-.*-\d+|emotion-\d+"
    r"|_?ng(content|host)-.*|ng-tns-c.*|data-v-[0-9a-f]{6,}|v-[0-9]+|svelte-[a-z0-9]{5,}|astro-[a-z0-9]{6,}"
    r"|data-astro-cid-.*|data-reactid|ember\d+|ext-gen\d+|yui[-_].*|gwt-uid-\d+|cdk-.*-\d+|mat-[a-z-]*\d+"
    r"|select2-.*|ui-id-\d+|downshift-.*|tippy-\d+|rc[-_].*\d+|field-:.*|data-radix-.*|data-headlessui-.*"
)
HEXADECIMAL: Final = re.compile(r"[0-9a-f]+")
STEM: Final = re.compile(r".{2,}(?:__|_|-)")
UUID: Final = re.compile(r".*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}.*", re.IGNORECASE)
SEPARATORS: Final = re.compile(r"[-_:./\s]+")
NUMBERED: Final = re.compile(r"(?:.*[^0-9])?\d{3,}(?:[^0-9].*)?|\d+")
COUNTER: Final = re.compile(r".*[-_]\d{1,2}")

POINTED: Final = frozenset("hover hovered focus focused focus-visible focus-within pressed touched".split())
STATES: Final = frozenset(
    "active inactive open opened closed collapsed collapsing expanded selected checked unchecked disabled"
    " enabled loading loaded current show shown showing hide hidden visible invisible dragging animating"
    " entering leaving in out dirty pristine untouched valid invalid busy pending error on off".split()
)
PREFIXED: Final = re.compile(r"(?:is|has|was|ng)-(?P<state>[a-z-]+)|.+?(?:--|__?)(?P<modified>[a-z]+)")
ADDRESSES: Final = frozenset(("href", "src", "action"))
"""Attributes whose numbers are those of pages and files, which keep them."""
STATE_ATTRIBUTES: Final = re.compile(
    r"aria-(?!label|haspopup|controls).*|data-(state|open|closed|active|selected|checked|expanded|disabled|focus"
    r"|hover|focus-visible|highlighted|loading|headlessui-state|orientation|side|align|status|pressed)"
)

VARIANT: Final = re.compile(r"!?-?(?:[a-z0-9@\[\]&=*().>_/-]+:)+[^:].*")
"""`md:flex`, `hover:bg-blue-700`: no hand-written name has a colon."""
ARBITRARY: Final = re.compile(r".*\[.*\].*|.*[a-z]-\d+(\.\d+)?/\d+|.*/\d{1,3}")
SIZES: Final = re.compile(
    r"(?:.*[-_])?(?:xs|sm|md|lg|xl|xxl|[2-9]xl|small|medium|large|block|wide|narrow|full|fluid)"
)
UTILITIES: Final = re.compile(
    r"-?(?:[mp][trblxyse]?|[wh]|(?:min|max)-[wh]|size|gap|gap-[xy]|space-[xy]|inset|inset-[xy]|top|right"
    r"|bottom|left|z|text|font|bg|border|border-[trblxyse]|rounded|rounded-\w+|shadow|ring|opacity|flex|grid|grid-cols|grid-rows"
    r"|col|col-span|row-span|col-start|offset|items|justify|self|content|place|order|overflow|overflow-[xy]|leading"
    r"|tracking|whitespace|break|transition|duration|ease|delay|animate|cursor|select|pointer-events|fill|stroke"
    r"|object|scale|scale-[xy]|rotate|translate|translate-[xy]|transform|origin|divide|divide-[xy]|from|via|to|outline"
    r"|aspect|float|clear|d|g|gx|gy|fs|fw|lh|position|align|list|decoration|line-clamp|backdrop|blur|basis|grow|shrink"
    r"|icon|fa|table|img|btn|badge|no|underline-offset|will-change|touch|snap|accent|caret|resize)"
    r"-(?:\d+(?:\.\d+)?|auto|full|screen|none|px|min|max|fit|left|right|center|start|end|between|around|evenly|top"
    r"|bottom|middle|baseline|stretch|hidden|visible|scroll|clip|white|black|transparent|current|inherit|dark|light"
    r"|muted|bold|semibold|medium|normal|thin|italic|mono|sans|serif|tight|snug|relaxed|loose|wrap|nowrap|reverse"
    r"|row|col|column|inline|block|flex|grid|table|cell|contents|circle|pill|pointer|default|text|all|colors|cover"
    r"|contain|fill|square|video|y|x|fw|gutters|responsive|inset|inner|solid|dashed|dotted|uppercase|lowercase"
    r"|capitalize|decoration|in|out|in-out|linear|spin|pulse|bounce|ping|[tbrl]|[a-z]+-\d{2,3}|(?:sm|md|lg|xl)-.+)"
)
PLAIN_UTILITIES: Final = frozenset(
    "flex grid block inline inline-block inline-flex contents table hidden relative absolute fixed sticky"
    " static truncate uppercase lowercase capitalize italic underline antialiased container row col"
    " container-fluid sr-only isolate grow shrink rounded border shadow transition transform clearfix small"
    " lead text-center pull-left pull-right fa fas far fab fal d-flex d-none float-left float-right"
    " collapse fade not-italic"
    " overline no-underline visually-hidden group peer prose outline ring blur w-100 h-100 dark light".split()
)


def looks_of(token: Token) -> Looks:
    """How it looks."""
    if token.kind == "tag":
        return Looks("plain", 0.95, "")
    if token.kind == "attribute" and STATE_ATTRIBUTES.fullmatch(token.name):
        return STATE
    if token.kind == "attribute" and FRAMEWORKS.fullmatch(token.name):
        return GENERATED
    if token.kind == "attribute" and (token.value is None or token.name in ("type", "role", "rel", "is")):
        return PLAIN
    if token.kind == "class":
        return _class(token.name)
    if token.kind == "attribute" and token.name in ADDRESSES:
        return NUMBER if _written(token.value or "") is GENERATED else PLAIN
    return _written(token.name if token.kind == "id" else token.value or "")


def _class(word: str) -> Looks:
    if state := _state(word):
        return state
    if not word.isupper() and _is_style(word):
        return STYLE
    return _written(word)


def _state(word: str) -> Looks | None:
    found = PREFIXED.fullmatch(word)
    said = {word.lower()} | ({found["state"] or found["modified"]} if found else set())
    if said & POINTED:
        return POINTER
    prefixed = bool(found and found["state"])
    return STATE if said & STATES or prefixed else None


def _is_style(word: str) -> bool:
    if FRAMEWORKS.fullmatch(word):
        return False
    tests = (VARIANT, ARBITRARY, SIZES, UTILITIES)
    return word in PLAIN_UTILITIES or any(test.fullmatch(word) for test in tests)


def _written(text: str) -> Looks:
    """A name that somebody, or something, wrote."""
    if FRAMEWORKS.fullmatch(text) or UUID.fullmatch(text):
        return GENERATED
    if any(_is_hash(part) for part in SEPARATORS.split(text)):
        return GENERATED
    if NUMBERED.fullmatch(text):
        return NUMBER
    return COUNTED if COUNTER.fullmatch(text) else PLAIN


def _is_hash(part: str) -> bool:
    """Letters and digits (or capitals) in such disorder that nobody wrote them."""
    if len(part) < 5 or not part.isascii() or not part.isalnum() or part.isdigit():
        return False
    if not any(c.isdigit() for c in part):
        runs = re.findall(r"[A-Z]+", part[1:])
        return len(part) <= 9 and len(runs) >= 2 and len(part) / (len(runs) + 1) < 2.7
    changes = sum(one.isdigit() != next_.isdigit() for one, next_ in pairwise(part))
    mixed = (
        part != part.lower() or part[0].isdigit() or (len(part) >= 7 and bool(HEXADECIMAL.fullmatch(part)))
    )
    return changes >= (2 if mixed else 3)


def stem(word: str) -> str:
    """What a generated word has in common with the one that took its place: `Button_root__`, `css-`."""
    found = STEM.match(word)
    return found[0] if found else ""
