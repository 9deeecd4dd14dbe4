"""Selectors written at random from a page's own elements: most match something, many just miss."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from backsight.contract import is_captured_attribute

OUT_OF_SCOPE = [":hover", ":checked", ":empty", ":has(*)", ":lang(en)", ":nth-child(1 of *)", "[style]"]


@dataclass(frozen=True)
class PageElement:
    """An element as judge.js lists it: its parent in its own tree, or the host of the shadow tree it tops."""

    tag: str
    attributes: dict[str, str]
    parent: int
    host: int

    @classmethod
    def of(cls, raw: dict[str, Any]) -> PageElement:
        return cls(raw["tag"], dict(raw["attributes"]), raw["parent"], raw["host"])

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Generator:
    """Writes selectors about one page's elements, the same ones for the same seed."""

    def __init__(self, elements: list[PageElement], seed: int) -> None:
        self.elements, self.random = elements, random.Random(seed)

    def selector(self) -> str:
        """A selector list, mostly of one."""
        parts = [
            self.complex(self.random.randrange(len(self.elements))) for _ in range(self.pick(1, 1, 1, 1, 2))
        ]
        return self.pick(",", ", ", " , ").join(parts)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def complex(self, index: int, deep: int = 0) -> str:
        """Compounds of an element and some of its ancestors, with combinators that fit or nearly fit."""
        written = self.compound(index, deep)
        for _ in range(self.pick(0, 0, 1, 1, 2, 3) if not deep else self.pick(0, 0, 1)):
            element = self.elements[index]
            if element.parent < 0:
                return (
                    f":host{self.pick('', self.host(element))}{self.pick(' ', ' > ')}{written}"
                    if element.host >= 0
                    else written
                )
            steps, near = 1, self.random.random() < 0.5
            index = element.parent
            while not near and self.elements[index].parent >= 0 and self.random.random() < 0.6:
                index, steps = self.elements[index].parent, steps + 1
            child = (steps == 1 and self.random.random() < 0.6) or self.random.random() < 0.05
            written = f"{self.compound(index, deep)}{self.pick(' > ', '>') if child else ' '}{written}"
        return written

    def host(self, element: PageElement) -> str:
        return f"({self.compound(element.host, deep=2)})"  # no logical ones: they may look outside

    def compound(self, index: int, deep: int) -> str:
        """A few simple selectors of the element; now and then one is another element's."""
        element = self.elements[index]
        kinds = self.random.choices(
            [self.class_, self.attribute, self.id_, self.position, self.logical, self.out_of_scope],
            [6, 3, 1, 2, 2 if deep < 2 else 0, 0.05],
            k=self.pick(0, 1, 1, 1, 2, 2, 3),
        )
        other = index if self.random.random() < 0.85 else self.random.randrange(len(self.elements))
        simple = "".join(kind(other, deep) for kind in kinds)
        tag = self.tag(element) if not simple or self.random.random() < 0.4 else ""
        return tag + simple

    def tag(self, element: PageElement) -> str:
        name = escape(element.tag)
        return self.pick(name, name, name, name.upper(), f"*|{name}", "*")

    def class_(self, index: int, deep: int) -> str:
        classes = self.elements[index].classes
        if not classes:
            return ""
        name = self.pick(*classes)
        return "." + escape(name.upper() if self.random.random() < 0.05 else name)

    def id_(self, index: int, deep: int) -> str:
        name = self.elements[index].attributes.get("id")
        return f"#{escape(name)}" if name else ""

    def attribute(self, index: int, deep: int) -> str:
        captured = [
            pair for pair in self.elements[index].attributes.items() if is_captured_attribute(pair[0].lower())
        ]
        if not captured:
            return ""
        name, value = self.pick(*captured)
        written = escape(self.pick(name, name, name.upper()))
        if self.random.random() < 0.2:
            return f"[{written}]"
        operator = self.pick("=", "~=", "|=", "^=", "$=", "*=")
        return f"[{written}{operator}{quote(self.part(value, operator))}{self.pick('', '', '', ' i', 'i')}]"

    def part(self, value: str, operator: str) -> str:
        """The part of a value that the operator finds; now and then in another case, or a little off."""
        length, words = len(value), value.split()
        start, end = sorted((self.random.randint(0, length), self.random.randint(0, length)))
        parts = {"^=": value[:end], "$=": value[start:], "*=": value[start:end], "|=": value.split("-")[0]}
        part = self.pick(*words) if operator == "~=" and words else parts.get(operator, value)
        change = self.random.random()
        return part.swapcase() if change < 0.15 else part + " " if change < 0.2 else part

    def position(self, index: int, deep: int) -> str:
        if self.random.random() < 0.4:
            name = self.pick("first", "last", "only")
            return f":{name}-{self.pick('child', 'of-type')}"
        name = self.pick("nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type")
        step, offset = self.random.randint(-3, 4), self.random.randint(-4, 6)
        forms = [f"{step}n{offset:+d}", str(offset), f"{step}n", "odd", "even", f"{step}n + {abs(offset)}"]
        return f":{name}({self.pick(*forms)})"

    def logical(self, index: int, deep: int) -> str:
        name = self.pick("is", "where", "not", "not")
        others = [self.random.randrange(len(self.elements)) for _ in range(self.pick(0, 1, 2))]
        chosen = (
            [index, *others]
            if name != "not" or self.random.random() < 0.3
            else others or [self.random.randrange(len(self.elements))]
        )
        return f":{name}({', '.join(self.complex(each, deep + 1) for each in chosen)})"

    def out_of_scope(self, index: int, deep: int) -> str:
        return str(self.pick(*OUT_OF_SCOPE)) if deep == 0 else ""


def escape(name: str) -> str:
    """As CSS.escape: https://drafts.csswg.org/cssom/#serialize-an-identifier"""
    written = "".join(
        c
        if (c.isalnum() and c.isascii()) or c in "-_" or c >= "\x80"
        else f"\\{ord(c):x} "
        if c < " "
        else f"\\{c}"
        for c in name
    )
    if name[:1].isdigit():
        return f"\\{ord(name[0]):x} {written[1:]}"
    if name[:1] == "-" and (len(name) == 1 or name[1].isdigit()):
        return f"-\\{ord(name[1]):x} {written[2:]}" if name[1:] else "\\-"
    return written


def quote(value: str) -> str:
    """A CSS string."""
    return '"' + "".join(f"\\{ord(c):x} " if c in '"\\\n\r\f\0' else c for c in value) + '"'
