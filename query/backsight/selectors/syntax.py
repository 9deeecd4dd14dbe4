"""What a selector says, as plain values: a list of complex selectors of compounds of simple ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Combinator = Literal[" ", ">"]
Match = Literal["closest", "target"]
"""What is asked of an event's target: `target.closest(css)`, or `target.matches(css)`."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A type selector; `name` is lower case, as names are compared without regard to ASCII case."""

    name: str


@dataclass(frozen=True, slots=True)
class NoNamespace:
    """`|a`: an element in no namespace. A page has none that could be captured."""


@dataclass(frozen=True, slots=True)
class Id:
    """`#name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Class:
    """`.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """`[name op "value" flag]`; `name` is lower case; without an operator, presence counts."""

    name: str
    operator: str | None = None
    value: str = ""
    flag: Literal["i", "s"] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """`:nth-child(An+B)` and its forms: among all siblings or those of a type, from the start or end."""

    step: int
    offset: int
    of_type: bool = False
    from_end: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """`:root`."""


@dataclass(frozen=True, slots=True)
class Host:
    """`:host`, or `:host(compound)`."""

    argument: Compound | None = None


@dataclass(frozen=True, slots=True)
class Logical:
    """`:is()` and `:where()`, or, negated, `:not()`."""

    branches: tuple[Complex, ...]
    negated: bool = False


Simple = Tag | NoNamespace | Id | Class | Attribute | Position | Root | Host | Logical


@dataclass(frozen=True, slots=True)
class Compound:
    """Simple selectors that hold of one element at once; none: `*`."""

    simples: tuple[Simple, ...]

    @property
    def is_host(self) -> bool:
        """Whether it can stand for the host of a shadow tree: a host matches nothing but `:host`."""
        return bool(self.simples) and all(isinstance(simple, Host) for simple in self.simples)


@dataclass(frozen=True, slots=True)
class Complex:
    """Compounds from the outermost to the subject; `combinators[i]` stands between compounds i and i+1."""

    compounds: tuple[Compound, ...]
    combinators: tuple[Combinator, ...] = ()


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector list; `css` is how it was written."""

    css: str
    branches: tuple[Complex, ...]
