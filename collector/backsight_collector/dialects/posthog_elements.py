"""The chain of elements that PostHog's libraries send with an event, from its target up to `body`.

It comes as a list of objects (`$elements`; `attr__NAME`, `nth_child`, …), as the API exports it (`elements`;
`attr_class`, `attributes`, …), or as one string:

    button.btn.primary:attr__class="btn primary"nth-child="2"nth-of-type="1"text="Buy";div:nth-child=…

In a string a quote is written `\\"`, but a backslash is not doubled: a value that ends with one looks like a
value that goes on. So whether `\\"` ends a value is told by what follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

from backsight.contract import MAX_DEPTH, MAX_NAME_CHARS, MAX_URL_CHARS, is_captured_attribute
from backsight_collector.dialects.masks import attribute, masked, tidy

UNKNOWN: Final = 0
"""A place among siblings that was not sent."""
_KEY: Final = r'(?:attr__[^\s="]{1,200}|[\w-]{1,200})="'
_KNOWN_KEY: Final = r'(?:attr__[^\s="]{1,200}|attr_id|href|nth-child|nth-of-type|text)="'
_NEXT: Final = rf'\Z|;[^"]*:{_KNOWN_KEY}|{_KNOWN_KEY}'
"""What stands behind a value: the chain's end, another element, another value."""
_VALUE: Final = re.compile(rf'([^\s=";][^\s="]*)="((?:[^"\\]|\\(?!")|\\"(?!{_NEXT}))*+\\?)"')
_HEAD: Final = re.compile(rf'([^.:;"]*+)([^"]*?)(?::(?={_KEY})|(?=;)|\Z)')
"""Nothing is given back of a tag: of one that a quote ends, each shorter one would be tried, for hours."""
_PLACE: Final = re.compile("[0-9]{1,9}")
_ANCHORS: Final = frozenset({"a", "area"})
_SPELLED: Final = {"foreignobject": "foreignObject", "textpath": "textPath", "clippath": "clipPath"}
"""Elements of SVG that may be clicked, or hold what is; PostHog sends their names in small letters."""
_INTERACTIVE_TAGS: Final = frozenset({"button", "input", "label", "summary", "option", "textarea", "select"})
_INTERACTIVE_ROLES: Final = frozenset("button link menuitem tab checkbox radio switch option textbox".split())
_BUTTONS: Final = frozenset({"submit", "button", "reset"})


class Described(NamedTuple):
    """One element: attributes as our own snippet would send them, text and name masked, places or UNKNOWN."""

    tag: str
    attrs: Mapping[str, str | None]
    text: str | None
    label: str | None
    href: str | None
    """Where it leads, being a link."""
    is_interactive: bool
    child_index: int
    type_index: int


def read_chain(props: Mapping[str, Any], event: Mapping[str, Any]) -> list[Described]:
    """The event's chain, the target first; empty where there is none. The list is preferred, being exact."""
    for elements in (props.get("$elements"), event.get("elements")):
        if isinstance(elements, list) and elements:
            raw = [_of_object(each) for each in elements[: MAX_DEPTH + 1] if isinstance(each, dict)]
            return _described(raw)
    for chain in (props.get("$elements_chain"), event.get("elements_chain")):
        if isinstance(chain, str) and chain:
            return _described(parse_chain(chain))
    return []


class Raw(NamedTuple):
    """An element as sent: its attributes by their own names."""

    tag: str
    attrs: dict[str, str]
    text: str | None
    child_index: int
    type_index: int


def parse_chain(chain: str) -> list[Raw]:
    """The elements of a chain's string; what comes after something unreadable is left out."""
    elements: list[Raw] = []
    at = 0
    while at < len(chain) and len(elements) <= MAX_DEPTH:
        head = _HEAD.match(chain, at)
        if head is None:
            break
        values: dict[str, str] = {}
        at = head.end()
        while value := _VALUE.match(chain, at):
            values[value[1]] = value[2].replace('\\"', '"')
            at = value.end()
        elements.append(_of_values(head[1], head[2], values))
        if chain[at : at + 1] != ";":
            break
        at += 1
    return elements


def _of_values(tag: str, classes: str, values: Mapping[str, str]) -> Raw:
    attrs = {name[6:]: value for name, value in values.items() if name.startswith("attr__")}
    if classes and "class" not in attrs:
        attrs["class"] = classes[1:].replace(".", " ")
    for name, said in (("id", values.get("attr_id")), ("href", values.get("href"))):
        if said and name not in attrs:
            attrs[name] = said
    return Raw(
        tag, attrs, values.get("text"), _place(values.get("nth-child")), _place(values.get("nth-of-type"))
    )


def _of_object(sent: Mapping[str, Any]) -> Raw:
    inner = sent.get("attributes")
    named = {**inner, **sent} if isinstance(inner, dict) else sent
    attrs = {name[6:]: _text(value) for name, value in named.items() if name.startswith("attr__")}
    known = {
        "class": _first(sent, "classes", "attr_class"),
        "id": sent.get("attr_id"),
        "href": sent.get("href"),
    }
    for name, value in known.items():
        if value and name not in attrs:
            attrs[name] = _text(value)
    text = _first(sent, "$el_text", "text")
    tag, child, of_type = sent.get("tag_name"), sent.get("nth_child"), sent.get("nth_of_type")
    return Raw(
        tag if isinstance(tag, str) else "",
        {name: value for name, value in attrs.items() if value is not None},
        text if isinstance(text, str) else None,
        _place(child),
        _place(of_type),
    )  # fmt: skip


def _first(sent: Mapping[str, Any], *names: str) -> object:
    return next((sent[name] for name in names if sent.get(name)), None)


def _text(value: object) -> str | None:
    if isinstance(value, list):
        return " ".join(each for each in value if isinstance(each, str))
    return value if isinstance(value, str) else None if value is None else str(value)


def _place(value: object) -> int:
    if isinstance(value, str) and _PLACE.fullmatch(value):
        value = int(value)
    is_place = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31
    return value if is_place and isinstance(value, int) else UNKNOWN


def _described(raw: list[Raw]) -> list[Described]:
    return [_describe(each, raw[place + 1 :] if place == 0 else ()) for place, each in enumerate(raw)]


def _describe(raw: Raw, ancestors: Iterable[Raw]) -> Described:
    tag, sent = raw.tag.lower()[:MAX_NAME_CHARS], raw.attrs
    if tag != "a" and any(each.tag.lower() == "a" for each in ancestors):
        sent = {name: value for name, value in sent.items() if name != "href"}
        # posthog-js writes the link's `href` on the target inside of it.
    text = raw.text
    if tag == "input" and sent.get("type", "").lower() in _BUTTONS:
        text = sent.get("value")
    said = tidy(text) if text else None
    is_interactive = _is_interactive(tag, sent)
    return Described(
        tag,
        {
            name: attribute(name, value)
            for name, value in sent.items()
            if len(name) <= MAX_NAME_CHARS and is_captured_attribute(name.lower())
        },
        said or None,
        _label(sent, said if is_interactive else None),
        sent.get("href") if tag in _ANCHORS else None,
        is_interactive,
        raw.child_index,
        raw.type_index,
    )


def link_of(chain: list[Described], url: str) -> str | None:
    """Where the nearest link leads: an absolute address by the page's, masked; None where there is none."""
    for element in chain:
        if element.href is not None:
            try:
                return clean(masked(urljoin(url, element.href[:MAX_URL_CHARS])))
            except ValueError:  # no address
                return None
    return None


def clean(url: str) -> str:
    """Without a user's name and password, and cut, as our snippet sends addresses."""
    return re.sub(r"^([\w+.-]{1,40}://)[^/?#]*@", r"\1", url)[:MAX_URL_CHARS]


def texts_of(chain: list[Described]) -> dict[str, str]:
    """`text` and `label` of the nearest interactive element; those of the target where that is another."""
    if not chain:
        return {}
    named = next((each for each in chain if each.is_interactive), chain[0])
    said = {"text": named.text, "label": named.label}
    if named is not chain[0]:
        said |= {"target_text": chain[0].text, "target_label": chain[0].label}
    return {name: value for name, value in said.items() if value}


def _label(attrs: Mapping[str, str], text: str | None) -> str | None:
    """The accessible name as far as it is known: nothing that refers to other elements is."""
    if attrs.get("aria-labelledby"):
        return None
    given = [attrs.get(name) for name in ("aria-label", "alt", "title", "placeholder")]
    names = [tidy(value) if value else None for value in given]
    return next((name for name in (*names[:2], text, *names[2:]) if name), None)


def _is_interactive(tag: str, attrs: Mapping[str, str]) -> bool:
    if tag in _INTERACTIVE_TAGS or (tag in _ANCHORS and "href" in attrs):
        return True
    if (
        attrs.get("role", "").lower() in _INTERACTIVE_ROLES
        or attrs.get("contenteditable", "false") != "false"
    ):
        return True
    return not attrs.get("tabindex", "-").startswith("-")


def namespaces(chain: list[Described]) -> list[str]:
    """The namespace of each element, the target first: in an `svg` it is SVG, but in a foreign object."""
    found: list[str] = []
    inside = "html"
    for element in reversed(chain):
        inside = {"svg": "svg", "math": "mathml"}.get(element.tag, inside) if inside == "html" else inside
        found.append(inside)
        if element.tag == "foreignobject":
            inside = "html"
    return found[::-1]


def spelled(tag: str, namespace: str) -> str:
    """The tag as its document spells it."""
    return _SPELLED.get(tag, tag) if namespace == "svg" else tag
