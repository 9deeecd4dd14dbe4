"""Tokens: the single things that a selector can say of an element (its tag, a class, an attribute)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final, Literal

from backsight.contract import is_captured_attribute
from backsight.selectors.syntax import Attribute, Class, Id, Simple, Tag
from backsight.selectors.values import WHITE_SPACE
from backsight.selectors.writing import identifier, string

Attributes = Mapping[str, str | None]
Kind = Literal["tag", "id", "class", "attribute"]

LONGEST: Final = 100
"""Characters of a value that a rule repeats; a longer one says more about content than about the element."""

TELLING: Final = frozenset(
    "name type role title alt placeholder for href src action rel itemprop part slot is aria-label"
    " aria-haspopup aria-controls".split()
)
"""Attributes that tell elements apart, besides `id`, `class` and every `data-` one."""

MOST_TOKENS: Final = 100
"""Of one element."""

GOES_NOWHERE: Final = ("", "#", "#!")
"""Values of `href` that say nothing of where a link leads, as those that begin with `javascript:`."""


JOINERS: Final = "\u200c\u200d"
"""They can't be seen, and belong to how a word is spelt, or an emoji is made."""


@dataclass(frozen=True)
class Token:
    """One of them. An attribute without a value says that it is there, with `prefix` how it begins."""

    kind: Kind
    name: str
    """Of an attribute; else the tag, id or class itself."""
    value: str | None = None
    prefix: bool = False

    @cached_property
    def css(self) -> str:
        """As it stands in a selector."""
        if self.kind == "attribute":
            operator = "^=" if self.prefix else "="
            test = "" if self.value is None else f"{operator}{string(self.value)}"
            return f"[{identifier(self.name)}{test}]"
        return {"tag": "", "id": "#", "class": "."}[self.kind] + identifier(self.name)

    @cached_property
    def simple(self) -> Simple:
        """As the matcher reads it."""
        if self.kind == "attribute":
            operator = None if self.value is None else "^=" if self.prefix else "="
            return Attribute(self.name.lower(), operator, self.value or "")
        if self.kind == "tag":
            return Tag(self.name.lower())
        return Id(self.name) if self.kind == "id" else Class(self.name)

    @property
    def words(self) -> str:
        """As it stands in a sentence."""
        name, value = legible(self.name), legible(self.value or "")
        if self.kind == "attribute":
            if self.value is None:
                return f"attribute {name}"
            return f"{name} {'beginning with ' if self.prefix else ''}“{value}”"
        return f"<{name}>" if self.kind == "tag" else f"{self.kind} “{name}”"


def legible(text: str) -> str:
    """A page's own words as they can stand among ours: on one line, in their own direction."""
    shown = (c for c in " ".join(text.split()) if c.isprintable() or c in JOINERS)
    return "".join(shown)


def words_of(value: str | None) -> list[str]:
    """The words of an attribute such as `class`, each once."""
    text = value or ""
    for space in WHITE_SPACE[1:]:
        text = text.replace(space, " ")
    return [word for word in dict.fromkeys(text.split(" ")) if word]


def tokens_of(tag: str, attributes: Attributes) -> list[Token]:
    """The tokens of an element, its tag first; of one with very many, the first ones."""
    return [Token("tag", tag), *islice(_named(attributes), MOST_TOKENS)]


def _named(attributes: Attributes) -> Iterator[Token]:
    for name, value in attributes.items():
        lower = name.lower()
        if not is_captured_attribute(lower) or "\0" in (value or ""):
            continue
        if lower == "id":
            if value and len(value) <= LONGEST:
                yield Token("id", value)
        elif lower == "class":
            yield from (Token("class", word) for word in words_of(value) if len(word) <= LONGEST)
        elif lower == "href":
            yield from _of_link(value)
        elif lower in TELLING or lower.startswith(("data-", "aria-")):
            yield from _of_attribute(lower, value)


def _of_attribute(name: str, value: str | None) -> Iterator[Token]:
    if value and len(value) <= LONGEST and not value.startswith(("data:", "blob:")):
        yield Token("attribute", name, value)
    if name.startswith("data-"):
        yield Token("attribute", name)


def _of_link(value: str | None) -> Iterator[Token]:
    """Where it leads; and the part of it that others of its kind share: `/product/` of `/product/12`."""
    address = value or ""
    if address.strip() in GOES_NOWHERE or address.strip().lower().startswith("javascript:"):
        return
    if len(address) <= LONGEST:
        yield Token("attribute", "href", address)
    path = address.partition("?")[0].partition("#")[0]
    folder = path.rstrip("/").rpartition("/")[0] + "/"
    scheme = address.partition(":")[0].lower()
    if scheme in ("mailto", "tel"):
        yield Token("attribute", "href", f"{scheme}:", prefix=True)
    elif len(folder.strip("./")) > 1 and not folder.endswith("//") and len(folder) <= LONGEST:
        yield Token("attribute", "href", folder, prefix=True)
